"""Texts that the database can keep."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from shared.rules.trimming import is_blank, trim


def _without_nul(value: str) -> str:
    if "\0" in value:
        raise PydanticCustomError("nul_character", "The text holds a null character (U+0000): take it out")
    return value


def _name(value: str) -> str:
    if is_blank(value):
        raise PydanticCustomError("blank", "Give it a name")
    return trim(value)


Text = Annotated[str, StringConstraints(strict=True), AfterValidator(_without_nul)]
"""Any text; U+0000 is refused, half characters (surrogates) by pydantic itself."""

Name = Annotated[Text, StringConstraints(max_length=200), AfterValidator(_name)]
"""A name that people give: trimmed, not blank."""
