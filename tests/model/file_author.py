"""Writes the next file for an import: some contacts of the manager, some new ones, and what people get wrong."""

import copy
import random
from dataclasses import dataclass, replace

from tests.model.files import BROKEN, Layout, Line, in_cell, more, write
from tests.model.parts import NO_LIMIT, Setup
from tests.model.reference import Reference
from tests.model.spoiling import spoil_one_thing

SIZES = (0, 1, 2, 3, 5, 8, 9, 10, 10, 10, 11, 12, 20, 20, 21, 30)
NAMES = ("Ann", "Bob", "Zoë", "Chris, Jr.", 'Dee "D" Dee', "two\nlines", "Eve", "O'Neil", "", "東京")
PASSWORDS = ("first secret", " spaced ", "geheim", "pässword", "a,b")
ODD_IDS = ("a", "A", "é", "e\u0301", "x/y", "a b", "0", "00", "a\x1f")
MAILS = ("a@example.com", "b@example.com", "c.d@example.org")


@dataclass(frozen=True)
class Wanted:
    """How many of the manager's contacts a file has, how many others, and what is wrong with it.

    Of "few" ids, new ones are often somebody's.
    """

    known: int
    new: int
    spoilt: str | None = None
    ids: str = "many"


class FileAuthor:
    """Writes files that go with what is in the manager."""

    def __init__(self, rng: random.Random, model: Reference) -> None:
        self.rng, self.model = rng, model

    def name(self) -> str:
        return self.rng.choice(NAMES)

    def new_id(self) -> str:
        """Return a unique id, which may be somebody's already; now and then an odd one."""
        return self.rng.choice(ODD_IDS) if self.rng.random() < 0.08 else str(self.rng.randint(1, 60))

    def value(self, name: str) -> str:
        """Return a value that a field takes."""
        match name:
            case "Mail":
                return self.rng.choice(MAILS)
            case "Age":
                return self.rng.choice(["7", "41", "-3.5", "+12"])
            case "Born":
                return self.rng.choice(["2001-02-03", "1999-12-31"])
            case "Secret":
                return self.rng.choice(PASSWORDS)
            case "Alt":
                return f"alt {self.rng.randint(1, 60)}"
        return self.name()

    def some_file(self, setup: Setup, theme: str, *, first: bool = False) -> Wanted:
        """Say at random what the next file has."""
        contacts = len(self.model.contacts)
        known = contacts if self.rng.random() < 0.4 else round(contacts * self.rng.choice([0.1, 0.5, 0.8, 0.9]))
        new = self.rng.choice(SIZES) if first else self.rng.choice([0, 0, 1, 2, 3, 10])
        shares = {"rows": 0.9, "guard": 0.2, "approve": 0.1, "generated": 0.4, "limits": 0.1, "undo": 0.1}
        spoilt = "anything" if self.rng.random() < shares.get(theme, 0.4) else None
        ids = "few" if theme in ("rows", "mixed", "keys", "passwords", "options") else "many"
        return Wanted(known, new, "many things" if spoilt and theme == "rows" else spoilt, ids)

    def counts_of(self, label: str) -> dict[str, int]:
        """Return what the next run of an import would do, were there no limits."""
        trial = copy.deepcopy(self.model)
        trial.imports[label] = replace(
            trial.imports[label], every_time=True, deletes=NO_LIMIT, updates=NO_LIMIT, adds=NO_LIMIT
        )
        trial.run("trial", label, dry_run=True)
        return trial.runs["trial"].counts

    def file_for(self, setup: Setup, wanted: Wanted) -> bytes:
        """Return a file as it is wanted."""
        layout = Layout.of(setup, self.rng)
        ids = sorted(self.model.contacts)
        known = min(wanted.known, len(ids), 15 if setup.generate else len(ids))  # generated, all rows are new contacts
        lines = [self.known_line(setup, unique_id) for unique_id in self.rng.sample(ids, known)]
        lines += [self.new_line(setup, wanted.ids) for _ in range(wanted.new)]
        self.set_passwords(setup, lines)
        match wanted.spoilt:
            case "known rejected" | "one rejected" if lines:
                lines[0].spoil.append(more("x", "y", "z"))
            case "known again" if lines:
                lines.append(Line(dict(lines[0].values)))
            case "no good row":
                for line in lines:
                    line.spoil.append(more("x", "y", "z"))
            case "unreadable" if lines:
                lines[-1].spoil.append(in_cell(layout.place(setup.key) or 0, BROKEN))
        self.rng.shuffle(lines)
        for _ in range(
            {"anything": self.rng.randint(1, 2), "many things": self.rng.randint(1, 6)}.get(wanted.spoilt or "", 0)
        ):
            spoil_one_thing(layout, lines, self.rng)
        return write(layout, lines, self.rng, mark=setup.encoding is None and self.rng.random() < 0.05)

    def laid_out(self, setup: Setup, lines: list[Line], *, lacks_column: bool = False) -> bytes:
        """Return a file of these rows; `lacks_column`: without one that is mapped, not the key's."""
        layout = Layout.of(setup, self.rng)
        if lacks_column:
            layout.columns.remove(self.rng.choice([one for one in layout.columns if one[1] not in (None, setup.key)]))
        return write(layout, lines, self.rng)

    def known_line(self, setup: Setup, unique_id: str) -> Line:
        """Return a contact's row, mostly as it is stored, at times with one value changed."""
        fields = self.model.contacts[unique_id].fields
        names = [name for _, name in setup.mapping]
        values = {name: fields.get(name, "") for name in names if name not in ("Secret", setup.key)}
        if self.rng.random() < 0.3 and values:
            changed = self.rng.choice(list(values))
            values[changed] = self.value(changed) if self.rng.random() < 0.8 else ""
        return Line(values | {setup.key: "" if setup.generate else unique_id})

    def new_line(self, setup: Setup, ids: str) -> Line:
        """Return the row of somebody whom the manager most likely does not have."""
        values = {
            name: self.value(name) if self.rng.random() < 0.8 else "" for _, name in setup.mapping if name != "Secret"
        }
        unique_id = self.new_id()
        if ids == "many" and self.rng.random() < 0.97:
            unique_id = str(self.rng.randint(1000, 9999))  # so that the number of known ones is as meant
        return Line(values | {setup.key: unique_id if setup.key == "No" else f"alt {unique_id}"})

    def set_passwords(self, setup: Setup, lines: list[Line]) -> None:
        """Put passwords into a few rows: the one that is stored, another, none, or blanks."""
        if "Secret" not in [name for _, name in setup.mapping]:
            return
        for line in self.rng.sample(lines, min(4, len(lines))):
            contact = self.model.contacts.get(line.values[setup.key])
            stored = contact.fields.get("Secret", "") if contact else ""
            line.values["Secret"] = self.rng.choice(
                [stored, stored, self.value("Secret"), self.value("Secret"), "", " "]
            )
