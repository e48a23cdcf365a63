"""What rejected.csv adds to the rows of a file without a header: two cells that say themselves what they are.

So the mended file has as many columns as the import expects.
"""

import re
from typing import Final

NOTES: Final = 2
_LINE: Final = re.compile(r"Line [0-9]+")
_REASON: Final = "Reason: "


def notes(line: str, reason: str) -> tuple[str, str]:
    """Return the two cells."""
    return f"Line {line}", f"{_REASON}{reason}"


def count_notes(cells: list[str]) -> int:
    """Return how many cells at the end of a row are such notes: two or none."""
    has_notes = len(cells) > NOTES and _LINE.fullmatch(cells[-2]) and cells[-1].startswith(_REASON)
    return NOTES if has_notes else 0
