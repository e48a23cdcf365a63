"""Texts that the database can keep."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from shared.rules.trimming import is_blank, trim


def _keepable(value: str) -> str:
    if "\0" in value:
        raise PydanticCustomError("nul_character", "The text holds a null character (U+0000): take it out")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise PydanticCustomError("surrogate", "The text holds half a character (a surrogate): take it out") from error
    return value


def _name(value: str) -> str:
    if is_blank(value):
        raise PydanticCustomError("blank", "Give it a name")
    return trim(value)


Text = Annotated[str, StringConstraints(strict=True), AfterValidator(_keepable)]
"""Any text; U+0000 and half characters (surrogates) are refused."""

Name = Annotated[Text, StringConstraints(max_length=200), AfterValidator(_name)]
"""A name that people give: trimmed, not blank."""
