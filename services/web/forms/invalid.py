"""What pydantic found wrong, as our errors: the field by its path, the message without the value."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from services.web.forms.input_errors import InvalidInputError
from shared.errors import UserError

_KINDS_OF_SOURCE = ("remote", "upload")

# In our own words where pydantic's are for programmers; by the beginning of its error types.
_WORDS = {
    "missing": "This is needed",
    "datetime": "Give a date and a time, such as 2026-12-01T06:30:00",
    "uuid": "This is no id: it has to be a UUID",
    "int_": "Give a whole number",
    "bool": "Give true or false",
    "extra_forbidden": "There is no such setting here; check how it is written",
    "too_short": "Give at least one",
}


def input_errors(found: ValidationError) -> InvalidInputError:
    """Return the errors of a model's validation."""
    return errors_of(found.errors(include_url=False, include_input=False, include_context=False))


def errors_of(details: Sequence[Mapping[str, Any]], *, prefix: int = 0) -> InvalidInputError:
    """Return errors in pydantic's own form as ours; `prefix` parts of each path are left out."""
    errors: list[UserError] = []
    for detail in details:
        path = list(detail["loc"])[prefix:]
        # Pydantic puts the kind that told it which source this is into the path.
        named = [
            str(part)
            for place, part in enumerate(path)
            if not (place and path[place - 1] == "source" and part in _KINDS_OF_SOURCE)
        ]
        errors.append(UserError("invalid", f"{_message(detail)}.", field=".".join(named) or None))
    return InvalidInputError(errors)


def _message(detail: Mapping[str, Any]) -> str:
    own = (words for kind, words in _WORDS.items() if str(detail["type"]).startswith(kind))
    return next(own, str(detail["msg"]))
