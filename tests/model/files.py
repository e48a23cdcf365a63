"""Small files as people make them: the values that are meant, laid out for a set-up, with faults put in on purpose."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.model.parts import Setup
from tests.model.reading import BYTE_ORDER_MARK

BROKEN = "\udc81"
"""Stands for the byte 0x81, which is no text, neither in UTF-8 nor in Windows-1252."""
Cells = list[str]


@dataclass
class Line:
    """A row to be written: its values by field, and what is done to its cells."""

    values: dict[str, str]
    spoil: list[Callable[[Cells], None]] = field(default_factory=list)


@dataclass
class Layout:
    """In which order a file has its columns: by field, None for one that nobody maps."""

    setup: Setup
    columns: list[tuple[str, str | None]]

    @classmethod
    def of(cls, setup: Setup, rng: random.Random) -> "Layout":
        """Return a layout that fits the set-up."""
        columns: list[tuple[str, str | None]] = list(setup.mapping)
        if setup.has_header:
            rng.shuffle(columns)
            if rng.random() < 0.3:
                columns.insert(rng.randint(0, len(columns)), (rng.choice(["Note", "", "Note, old"]), None))
        elif rng.random() < 0.3:
            columns.append(("", None))
        return cls(setup, columns)

    def place(self, name: str | None) -> int | None:
        """Return at which place a field's column stands."""
        return next((place for place, (_, found) in enumerate(self.columns) if found == name), None)

    def cells(self, line: Line) -> Cells:
        """Return a row's cells."""
        cells = ["x" if name is None else line.values.get(name, "") for _, name in self.columns]
        for spoil in line.spoil:
            spoil(cells)
        return cells


def write(layout: Layout, lines: list[Line], rng: random.Random, *, tail: str = "", mark: bool = False) -> bytes:
    """Return the file's bytes."""
    end = rng.choice(["\n", "\n", "\r\n", "\r"])
    rows = [layout.cells(line) for line in lines]
    if layout.setup.has_header:
        header = [padded(name, rng) for name, _ in layout.columns]
        rows.insert(0, header)
    text = end.join(
        layout.setup.delimiter.join(quoted(cell, layout.setup.delimiter, rng) for cell in row) for row in rows
    )
    text += (end if rows and rng.random() < 0.8 else "") if not tail else end + tail
    if layout.setup.has_header and rng.random() < 0.1:
        text = end + text
    return (BYTE_ORDER_MARK if mark else b"") + text.encode("utf-8", "surrogateescape")


def padded(text: str, rng: random.Random) -> str:
    """Return a text with white space around it, now and then."""
    return rng.choice([" ", "\t", "\xa0", ""]) + text + " " if rng.random() < 0.1 else text


def quoted(cell: str, delimiter: str, rng: random.Random) -> str:
    """Return a cell as it stands in a file."""
    if any(sign in cell for sign in (delimiter, "\n", "\r")) or cell.startswith('"') or rng.random() < 0.05:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def in_cell(place: int, text: str) -> Callable[[Cells], None]:
    """Return what puts a text at the end of a cell."""

    def spoil(cells: Cells) -> None:
        if place < len(cells):
            cells[place] += text

    return spoil


def cut(count: int) -> Callable[[Cells], None]:
    """Return what leaves only so many cells, none of them blank, so that it is a row still."""

    def spoil(cells: Cells) -> None:
        del cells[max(count, 1) :]
        cells[0] = cells[0] or "x"

    return spoil


def more(*texts: str) -> Callable[[Cells], None]:
    """Return what puts more cells at a row's end."""
    return lambda cells: cells.extend(texts)


def blank(cells: Cells) -> None:
    """Make a row blank."""
    cells[:] = [" " for _ in cells]
