"""How the file writes dates and numbers, told from the columns that go to fields of these kinds, and from no others.

An import has one date format and one decimal separator, so each has to read all of those columns.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

from pydantic import BaseModel, Field

from shared.events.previews import ColumnDetails, PreviewProblem
from shared.rules.kinds import Kind

_SIGNS: Final = {
    "%Y": "YYYY",
    "%y": "YY",
    "%m": "MM",
    "%d": "DD",
    "%b": "Mon",
    "%B": "Month",
    "%H": "hh",
    "%M": "mm",
    "%S": "ss",
}
_SIGN: Final = re.compile(r"%[A-Za-z]")
_LEAST: Final = 0.5
_LISTED: Final = 5


class DateFormat(BaseModel):
    """A format that reads all dates of the sample, and what one of them would be."""

    format: str = Field(description="As `options.date_format` has it")
    signs: str = Field(description="The same for people, such as DD/MM/YYYY")
    sample: str = Field(description="A value of the file, one on which the formats differ where there is such")
    meaning: str = Field(description="The day it would be, such as 1 February 2020")


class Notations(BaseModel):
    """What the options should say of dates and numbers; null: there is nothing to say, or a person has to."""

    date_format: str | None = None
    date_formats: list[DateFormat] = Field([], description="Several: a person has to say which")
    decimal_separator: str | None = None


def propose_notation(
    columns: Sequence[ColumnDetails], dates: Collection[str], numbers: Collection[str], *, chosen: str | None
) -> tuple[Notations, list[PreviewProblem]]:
    """Return what reads the columns of these names, and what is to be said of them; `chosen`: the date format."""
    found = Notations()
    problems: list[PreviewProblem] = []
    of_dates = [column for column in columns if column.name in dates and column.filled and not column.is_password]
    read = [column for column in of_dates if column.date_formats]
    unread = [column for column in of_dates if not column.date_formats and _looks_like(column, Kind.DATE)]
    common = _common(column.date_formats for column in read)
    if unread:
        problems.append(_unread(unread, chosen))
    if read and not common:
        problems.append(_differing("date_formats_differ", "date format", [(c.name, c.date_formats) for c in read]))
    if common and chosen is None:
        found.date_formats = _with_samples(common, read)
        if len(common) == 1:
            found.date_format = common[0]
        else:
            problems.append(_ambiguous(read, found.date_formats))
    of_numbers = [column for column in columns if column.name in numbers and column.decimal_separators]
    separators = _common(column.decimal_separators for column in of_numbers)
    if of_numbers and not separators:
        told = [(c.name, c.decimal_separators) for c in of_numbers]
        problems.append(_differing("decimal_separators_differ", "decimal separator", told))
    found.decimal_separator = separators[0] if len(separators) == 1 else None
    return found, problems


def _looks_like(column: ColumnDetails, kind: Kind) -> bool:
    return column.shares.get(kind, 0.0) >= _LEAST


def _common(each: Iterable[Sequence[str]]) -> list[str]:
    """Return what all have, in the order of the first."""
    first, *others = [*each] or [[]]
    return [one for one in first if all(one in other for other in others)]


def _with_samples(formats: Sequence[str], columns: Sequence[ColumnDetails]) -> list[DateFormat]:
    samples = [sample for column in columns for sample in column.samples]
    sample = max(samples, key=lambda each: len({_meaning(each, known) for known in formats}), default="")
    return [
        DateFormat(
            format=known,
            signs=_SIGN.sub(lambda sign: _SIGNS.get(sign[0], sign[0]), known),
            sample=sample,
            meaning=_meaning(sample, known),
        )
        for known in formats
    ]


def _meaning(sample: str, date_format: str) -> str:
    try:
        moment = datetime.strptime(sample, date_format)  # noqa: DTZ007 - a date without a zone
    except ValueError:  # a long sample is cut
        return ""
    return f"{moment.day} {moment:%B} {moment.year}"


def _ambiguous(columns: Sequence[ColumnDetails], formats: Sequence[DateFormat]) -> PreviewProblem:
    readings = " or ".join(f"{each.meaning} ({each.signs})" for each in formats)
    column = next(column for column in columns if formats[0].sample in column.samples or not formats[0].sample)
    message = f"In the column “{column.name[:60]}”, {formats[0].sample} may be {readings}: choose which it is."
    return PreviewProblem(severity="warning", code="date_ambiguous", message=message, column=column.name)


def _unread(columns: Sequence[ColumnDetails], chosen: str | None) -> PreviewProblem:
    listed = ", ".join(f"“{column.name[:60]}”" for column in columns[:_LISTED])
    reader = f"The date format {chosen} does not read" if chosen else "No usual date format reads"
    message = f"{reader} all dates of {listed}: rows with such a date will be refused."
    return PreviewProblem(severity="warning", code="date_format_unfit", message=message, column=columns[0].name)


def _differing(code: str, what: str, columns: Sequence[tuple[str, Sequence[str]]]) -> PreviewProblem:
    listed = "; ".join(f"“{name[:60]}”: {' or '.join(known)}" for name, known in columns[:_LISTED])
    message = f"No one {what} reads all columns, and an import has one: {listed}. Map some of them to text fields."
    return PreviewProblem(severity="warning", code=code, message=message, column=columns[0][0])
