"""What people get wrong in a file, and what is right but looks odd, one thing at a time."""

import random
from collections.abc import Callable

from tests.model.files import BROKEN, Layout, Line, blank, cut, in_cell, more

Spoil = Callable[["Spoiling"], object]
REFUSED = {"Mail": "no address", "Age": "ten", "Born": "2001-13-01"}


def spoil_one_thing(layout: Layout, lines: list[Line], rng: random.Random) -> None:
    """Spoil one row, or put one in; nothing where there is none, or where the thing can't be done to it."""
    rows = [line for line in lines if line.values]
    if rows:
        rng.choice(SPOILS)(Spoiling(layout, lines, rng.choice(rows), rng))


class Spoiling:
    """One row of a file, to be spoilt."""

    def __init__(self, layout: Layout, lines: list[Line], line: Line, rng: random.Random) -> None:
        self.layout, self.lines, self.line, self.rng = layout, lines, line, rng
        self.width = len(layout.columns)
        self.key = layout.setup.key
        self.key_place = layout.place(self.key)

    def empty_id(self) -> None:
        if self.key_place is not None:
            self.line.values[self.key] = self.rng.choice(["", " ", "\xa0"])

    def too_short(self) -> None:
        self.line.spoil.append(cut(self.rng.randint(1, self.width)))

    def too_short_for_an_id(self) -> None:
        if self.key_place:
            self.line.spoil.append(cut(self.key_place))

    def too_long(self) -> None:
        self.line.spoil.append(more(*self.rng.choice([["x"], ["", "y"]])))

    def blanks_at_the_end(self) -> None:
        self.line.spoil.append(more(*self.rng.choice([[""], [" ", ""]])))

    def broken_cell(self) -> None:
        self._break(self.rng.randrange(self.width))

    def broken_id(self) -> None:
        self._break(self.key_place)

    def broken_note(self) -> None:
        self._break(self.layout.place(None))

    def _break(self, place: int | None) -> None:
        if place is not None:
            self.line.spoil.append(in_cell(place, self.rng.choice([BROKEN, "\0"])))

    def refused_value(self) -> None:
        names = [name for name in REFUSED if self.layout.place(name) is not None]
        for name in self.rng.sample(names, min(len(names), self.rng.choice([1, 1, 2]))):
            self.line.values[name] = REFUSED[name]

    def again(self) -> None:
        again = Line(self.line.values | {"Name": f"again {self.rng.randint(1, 9)}"}, list(self.line.spoil))
        self.lines.insert(self.rng.randint(0, len(self.lines)), again)

    def blank_row(self) -> None:
        self.lines.insert(self.rng.randint(0, len(self.lines)), Line({}, [blank]))

    def spaces(self) -> None:
        name = self.rng.choice([name for name in self.line.values if name != "Secret"])
        self.line.values[name] = self.rng.choice([" ", "\t", "\u3000"]) + self.line.values[name] + " "

    def line_ends_in_a_cell(self) -> None:
        self.line.values["Name"] = "a\r\nb\rc"


SPOILS: list[Spoil] = [
    Spoiling.empty_id,
    Spoiling.too_short,
    Spoiling.too_short_for_an_id,
    Spoiling.too_long,
    Spoiling.blanks_at_the_end,
    Spoiling.broken_cell,
    Spoiling.broken_id,
    Spoiling.broken_note,
    Spoiling.refused_value,
    Spoiling.refused_value,
    Spoiling.again,
    Spoiling.again,
    Spoiling.again,
    Spoiling.blank_row,
    Spoiling.spaces,
    Spoiling.spaces,
    Spoiling.line_ends_in_a_cell,
]
