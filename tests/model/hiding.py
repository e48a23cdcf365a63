"""Where a rejected row's unique id may be a password, so that the reference model does not read it.

Where the rules leave it open, the model takes: of a row of the wrong shape the id is not read where it may be a
password that has moved, by at most as many cells as there are too many or too few; a column that nobody maps may hold
passwords by its name. Nor is that of a rejected row in which a stray quote may have put one.
"""

import re

from tests.model.parts import Setup

_PASSWORD_NAME = re.compile(r"(?i)password|passwort|\bsecret\b|\bpin\b|\bpwd?\b")


class Hiding:
    """What a reader knows of a file's columns: `width` of them, by name."""

    setup: Setup
    kinds: dict[str, str]
    columns: list[str]
    width: int

    @property
    def key_column(self) -> str | None:
        """The column of unique ids, None where they are generated."""
        found = [column for column, name in self.setup.mapping if name == self.setup.key]
        return None if self.setup.generate else found[0]

    def may_be_password(self, cells: int) -> bool:
        """Tell whether a password may stand where the unique id does in a row of so many cells, too many or too few."""
        if self.key_column is None:
            return False
        place, moved = self.columns.index(self.key_column), cells - self.width
        columns = self.password_places()
        return any(min(column, column + moved) <= place <= max(column, column + moved) for column in columns)

    def password_places(self) -> list[int]:
        """Return where passwords stand, or may by what a column that nobody maps is called."""
        fields = dict(self.setup.mapping)
        return [
            number
            for number, column in enumerate(self.columns)
            if (self.kinds[fields[column]] == "password" if column in fields else _PASSWORD_NAME.search(column))
        ]

    def may_hold_password(self, cells: list[str], *, has_shape: bool) -> bool:
        """Tell whether a stray quote may have put a password into the unique id: lines of cells, or a row's next."""
        place = None if self.key_column is None else self.columns.index(self.key_column)
        passwords = self.password_places()
        if place is None or place >= len(cells) or not passwords:
            return False
        lines = re.split(r"\r\n|\r|\n", cells[place])
        counts = [line.count(self.setup.delimiter) for line in lines]
        if len(lines) > 1:
            return any(counts[:-1]) or 0 < counts[-1] >= min(passwords)
        if counts == [1] and has_shape and re.search(re.escape(self.setup.delimiter) + " ", lines[0]):
            return False
        return any(place < password <= place + counts[0] for password in passwords)
