"""All that is wrong with an input, at once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from shared.errors import UserError


class InvalidInputError(UserError):
    """Several errors; code, message and field are those of the first."""

    def __init__(self, errors: Sequence[UserError]) -> None:
        first = errors[0]
        super().__init__(first.code, first.message, field=first.field)
        self.errors = list(errors)


class ErrorList:
    """Gathers the errors of checks that don't depend on each other."""

    def __init__(self) -> None:
        self._errors: list[UserError] = []

    @contextmanager
    def check(self, field: str | None = None) -> Iterator[None]:
        """Keep a UserError of the block; `field` names the input where the error itself doesn't."""
        try:
            yield
        except UserError as error:
            self._errors.append(error.at(field) if field and error.field is None else error)

    def add(self, code: str, message: str, field: str) -> None:
        """Note an error."""
        self._errors.append(UserError(code, message, field=field))

    def raise_any(self) -> None:
        """Raise what was gathered, if anything."""
        if self._errors:
            raise InvalidInputError(self._errors)
