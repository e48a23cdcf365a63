"""The data of the benchmarks: contacts of twelve columns, the same for every run, and the next day's file of them.

Commas, quotes, line ends and UTF-8 in cells, unique ids in scattered order. Next day 1 % of the rows changed, 0.5 %
are gone and 0.5 % are new.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

COLUMNS = (
    "contact_id",
    "email",
    "first_name",
    "last_name",
    "phone",
    "company",
    "street",
    "city",
    "zip",
    "country",
    "note",
    "updated",
)
_FIRST = [
    "Anna",
    "José",
    "Łukasz",
    "Zoë",
    "Miguel",
    "Chloë",
    "Søren",
    "Jürgen",
    "Mary",
    "John",
    "Wei",
    "Fatima",
    "Ivan",
    "Noor",
    "Priya",
    "Kenji",
    "Aoife",
    "Björn",
    "Élodie",
    "Renée",
    "Omar",
    "Lucía",
    "Tom",
    "Sara",
]
_LAST = [
    "Smith",
    "O'Brien",
    "Müller",
    "García",
    "Nowak",
    "Kowalczyk",
    "Jensen",
    "Lefèvre",
    "Nguyễn",
    "Yamada",
    "Patel",
    "Ivanov",
    "Rossi",
    "Andersson",
    "van_der_Berg",
    "Silva",
    "Costa",
    "Dvořák",
    "Kim",
    "Li",
]
_COMPANY = (
    "Acme, Inc.",
    'Müller "Söhne" GmbH',
    "Globex",
    "Initech LLC",
    "Wayne & Co., Ltd.",
    "Umbrella",
    "Stark Industries",
    "Hooli",
    "Vandelay, Import/Export",
    "Soylent",
)
_STREET = ("Main St", "Rue de l'Église", "Hauptstraße", "Ulica Długa", "Gran Vía", "Market Square", "Elm Avenue")
_CITY = ("Berlin", "Kraków", "São Paulo", "New York", "Zürich", "Malmö", "Lyon", "Osaka", "Dublin", "Pune")
_COUNTRY = ("DE", "PL", "BR", "US", "CH", "SE", "FR", "JP", "IE", "IN")
_NOTES = (
    "prefers e-mail",
    "call after 5pm",
    "VIP, handle with care",
    'said "no thanks"',
    "met at fair",
    "naïve résumé",
    "お客様",
    "renewal due",
    "asks for invoice",
    "emoji 🎉 ok",
    "left voicemail",
    "duplicate?",
)
_BITS = (1 << 64) - 1


def write_people(path: Path, count: int, *, next_day: bool = False) -> None:
    """Write a file of so many people as they are on the first day, or the file of the day after."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(_next_day(count) if next_day else (_person(number) for number in range(count)))


def _next_day(count: int) -> Iterator[tuple[str, ...]]:
    for number in range(count):
        chance = _mixed(7919 + number * 31 + 1) % 1000
        if chance >= 5:  # noqa: PLR2004 - 0.5 % are gone
            yield _person(number, changed=chance < 15)  # noqa: PLR2004 - and 1 % changed
    yield from (_person(number) for number in range(count, count + count // 200))


def _mixed(number: int) -> int:
    mixed = (number + 0x9E3779B97F4A7C15) & _BITS
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _BITS
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _BITS
    return mixed ^ (mixed >> 31)


def _person(number: int, *, changed: bool = False) -> tuple[str, ...]:
    one = _mixed(1_000_003 + number)
    two = _mixed(one)
    scattered = (number * 2654435761) & 0xFFFFFFFF  # an odd multiplier: no two numbers share one
    first, last = _FIRST[one % 24], _LAST[(one >> 8) % 20].replace("_", " ")
    city = (one >> 36) % 10
    street = f"{two % 399 + 1} {_STREET[(two >> 20) % 7]}"
    if (two >> 24) % 4 == 0:
        street += f', Apt "{(two >> 28) % 60}"'
    phone, note, updated = _phone(two >> 32), _note(one), f"2026-{(two >> 50) % 9 + 1:02d}-{(two >> 44) % 28 + 1:02d}"
    if changed:
        phone, note, updated = _phone(_mixed(two + 1)), f"{note} / changed" if note else "changed", "2026-11-22"
    return (
        f"C{scattered:010d}",
        f"{first}.{last.replace(' ', '')}{(two >> 8) % 9999}.{number}@example.com".lower(),
        first,
        last,
        phone,
        _COMPANY[(two >> 56) % 10],
        street,
        _CITY[city],
        f"{(two >> 12) % 90000 + 10000}",
        _COUNTRY[city],
        note,
        updated,
    )


def _phone(number: int) -> str:
    return f"+{number % 98 + 1} {(number >> 6) % 900 + 100} {(number >> 8) % 9000000 + 1000000}"


def _note(number: int) -> str:
    share = (number >> 16) % 100
    if share < 40:  # noqa: PLR2004 - so many in a hundred have none
        return ""
    one, two = _NOTES[(number >> 24) % 12], _NOTES[(number >> 30) % 12]
    return f"{one}; {two}" if share < 98 else f"{one}\nline two, {two}"  # noqa: PLR2004 - two in a hundred: two lines
