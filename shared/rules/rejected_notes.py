"""What rejected.csv adds to the rows of a file without a header: two cells that say themselves what they are.

So the mended file has as many columns as the import expects.
"""

import re
from dataclasses import dataclass
from typing import Final, Self

EMPTIED: Final = "A cell may hold passwords of other rows and was left empty: fill it in, and delete this one."
"""One cell more, behind all others: it has its row rejected again until somebody has seen to it."""
_LINE: Final = re.compile(r"Line [0-9]+")
_REASON: Final = "Reason: "


def notes(line: int, reason: str) -> tuple[str, str]:
    """Return the two cells."""
    return f"Line {line}", f"{_REASON}{reason}"


@dataclass(frozen=True)
class Noted:
    """How many cells of a row are columns of the file, and how many behind them are notes: two or none."""

    columns: int
    notes: int

    @classmethod
    def of(cls, cells: list[str]) -> Self:
        """Tell it of a row's values; the one that has it rejected again counts as neither."""
        noted = cells[:-1] if cells and cells[-1] == EMPTIED else cells
        if len(noted) > len(("line", "reason")) and _LINE.fullmatch(noted[-2]) and noted[-1].startswith(_REASON):
            return cls(len(noted) - 2, 2)
        return cls(len(cells), 0)
