"""Links that name no fixed file: dates in braces, and `*` in the file's name."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

_DATE: Final = re.compile(r"\{((?:YYYY|YY|MM|DD|HH)(?:[-_.]?(?:YYYY|YY|MM|DD|HH))*)\}")
_PART: Final = re.compile("YYYY|YY|MM|DD|HH")
_FORMATS: Final = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "HH": "%H"}
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def with_dates(url: str, moment: datetime) -> str:
    """Return the link with each `{YYYY-MM-DD}` (of YYYY, YY, MM, DD, HH with - _ . or nothing between) filled in.

    `moment` is the run's, in the import's time zone. Braces around anything else stay as they are.
    """

    def filled(found: re.Match[str]) -> str:
        return _PART.sub(lambda part: moment.strftime(_FORMATS[part[0]]), found[1])

    return _DATE.sub(filled, url)


def has_dates(url: str) -> bool:
    """Tell whether the link names another file at another time."""
    return _DATE.search(url) is not None


def is_pattern(name: str) -> bool:
    """Tell whether a file's name stands for whichever files match it."""
    return "*" in name


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether a name matches.

    `*` stands for any characters, all others for themselves; large and small letters differ.
    """
    matching = re.compile(".*".join(re.escape(part) for part in re.split(r"\*+", pattern)), re.DOTALL)
    return lambda name: matching.fullmatch(name) is not None


def newest(files: Iterable[tuple[str, datetime | None]]) -> str | None:
    """Return the name, of names with times, that was modified last; of equally new ones the last by name."""
    found = [(modified or _NEVER, name) for name, modified in files]
    return max(found)[1] if found else None
