"""The demo's made-up staff and its files: the same people in each demo, UTF-8, quotes and line breaks in cells."""

import csv
import random
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from services.cli.demo.names import CITIES, DEPARTMENTS, FIRST, LAST, NOTES

HEADER: Final = ("Personnel no", "First name", "Last name", "E-mail", "Department", "City", "Joined", "Note")
_FIRST_DAY: Final = date(1995, 1, 2)
_DAYS: Final = 11_000
_NOTE_SHARE: Final = 0.1
# Letters that do not come apart into one of ASCII and a mark.
_PLAIN: Final = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "ß": "ss", " ": "", "'": ""})


@dataclass(frozen=True, slots=True)
class Person:
    """One row of the file; all parts are text as it stands there."""

    number: str
    first: str
    last: str
    email: str
    department: str
    city: str
    joined: str
    note: str

    def cells(self) -> tuple[str, ...]:
        """Return the row, in the order of the header."""
        return (
            *(self.number, self.first, self.last, self.email),
            *(self.department, self.city, self.joined, self.note),
        )


@dataclass(frozen=True, slots=True)
class NextDay:
    """The people of the day after, and how many of them changed, are gone and are new."""

    people: list[Person]
    changed: int
    gone: int
    new: int


def make_people(count: int, chance: random.Random, *, first_number: int = 1) -> list[Person]:
    """Return people with personnel numbers from `first_number` on."""
    return [_person(number, chance) for number in range(first_number, first_number + count)]


def make_next_day(people: Sequence[Person], chance: random.Random, *, gone: int, new: int) -> NextDay:
    """Return what the people are a day later: 1 % sit in another department, some are gone, some are new."""
    left = set(chance.sample(range(len(people)), gone))
    staying = [person for place, person in enumerate(people) if place not in left]
    changed = len(people) // 100
    for place in chance.sample(range(len(staying)), changed):
        others = [name for name in DEPARTMENTS if name != staying[place].department]
        staying[place] = replace(staying[place], department=chance.choice(others))
    added = make_people(new, chance, first_number=len(people) + 1)
    return NextDay(staying + added, changed, gone, new)


def write_people(path: Path, people: Sequence[Person]) -> None:
    """Write them as CSV with commas, whole or not at all: the file may be read at any moment."""
    half = path.with_name(f".{path.name}.new")
    with half.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(person.cells() for person in people)
    half.rename(path)


def _person(number: int, chance: random.Random) -> Person:
    first, last = chance.choice(FIRST), chance.choice(LAST)
    return Person(
        number=f"{number:06}",
        first=first,
        last=last,
        email=f"{_plain(first)}.{_plain(last)}{number}@staff.example.com",
        department=chance.choice(DEPARTMENTS),
        city=chance.choice(CITIES),
        joined=(_FIRST_DAY + timedelta(days=chance.randrange(_DAYS))).isoformat(),
        note=chance.choice(NOTES) if chance.random() < _NOTE_SHARE else "",
    )


def _plain(name: str) -> str:
    apart = unicodedata.normalize("NFKD", name.translate(_PLAIN))
    return "".join(letter for letter in apart if letter.isascii()).lower()
