"""The table of a preview: names, rows and facts of the columns, within bounds; passwords hidden."""

from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from services.parser.domain.facts import facts_of
from services.parser.domain.hiding import HiddenPlaces, hidden, named_places, places_to_hide
from services.parser.domain.preview_bounds import first_names, first_rows, json_bytes, shown, shown_in_problem
from shared.errors import UserError
from shared.events.previews import HIDDEN, ColumnDetails, PreviewChoices, PreviewProblem
from shared.rules.dialect import Dialect
from shared.rules.header import Head, header_names, is_blank_record, read_head
from shared.rules.invisible import made_visible
from shared.rules.kinds import Kind, Notation
from shared.rules.line_ends import height_of, line_starts
from shared.rules.password_names import is_password_name
from shared.rules.problems import describe_problem
from shared.rules.records import Record, read_records
from shared.rules.trimming import is_blank, trim

_RECORDS: Final = 50_000
_ROWS: Final = 200
_SAMPLE_BYTES: Final = 150_000
_PROBLEMS: Final = 20
_SENTINEL: Final = b"\nx"


@dataclass(frozen=True)
class Sample:
    """The beginning of a file as text, in UTF-8 or a single-byte encoding, and how it is to be read."""

    text: bytes
    encoding: str
    dialect: Dialect
    is_whole: bool
    has_sure_header: bool


@dataclass
class Table:
    """What is shown; `open_cells` are those of columns without passwords."""

    names: list[str]
    details: list[ColumnDetails] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    rows_seen: int = 0
    problems: list[PreviewProblem] = field(default_factory=list)
    open_cells: list[str] = field(default_factory=list)


def read_table(sample: Sample, choices: PreviewChoices) -> Table:
    """Return the table; UserError `file_has_no_rows`."""
    dialect = sample.dialect
    reading = read_records(sample.text, dialect, encoding=sample.encoding, first_line=1, skip_lines=dialect.skip_lines)
    records = list(islice(reading, _RECORDS))
    problems: list[PreviewProblem] = []
    if sample.is_whole and len(records) < _RECORDS:
        problems += _unclosed(sample, records)
    filled = [record for record in records if not is_blank_record(record.cells)]
    if not sample.is_whole and len(filled) > 1 and filled[-1] is records[-1]:
        filled.pop()  # it may be cut
    head = _head(sample, filled, problems)
    rows = filled[dialect.has_header :]
    # A header that is skipped says what its columns hold all the same; what is taken for one then holds values.
    skipped = named_places(_skipped(sample))
    found = places_to_hide(head, filled, choices.password_columns, is_sure=sample.has_sure_header)
    places = HiddenPlaces(found.passwords, found.hidden | skipped, found.names | skipped)
    names = first_names(head.names)
    table = Table(_shown_names(names, places.names), rows_seen=len(rows))
    own = head.width - head.notes
    cells = [
        hidden(row.cells, head.width, places.hidden, dialect.delimiter)[: own if len(row.cells) == head.width else None]
        for row in rows
    ]
    table.rows = first_rows(cells)
    table.open_cells = [shown(cell) for row in cells[:_ROWS] for cell in row if cell != HIDDEN] + (
        table.names if dialect.has_header else []
    )
    table.details = _details(table.names, cells, places, choices)
    if len(names) < own:
        message = f"The file has {own:,} columns; the preview shows the first {len(names):,}."
        problems.append(PreviewProblem(severity="warning", code="columns_cut", message=message))
    if dialect.has_header:
        problems += [*_name_problems(filled[0], table.names), *_invisible_problems(filled[0], table.names)]
    table.problems = problems + _row_problems(rows, head, trimmed=choices.trim)
    return table


def _head(sample: Sample, filled: list[Record], problems: list[PreviewProblem]) -> Head:
    """Return the head; one that is no text is a problem, but all else can be shown."""
    try:
        return read_head(sample.text, sample.dialect, encoding=sample.encoding)
    except UserError as error:
        if error.code != "file_not_text" or not filled:
            raise
        problems.append(PreviewProblem(line=filled[0].line, severity="error", code=error.code, message=error.message))
    first = filled[0]
    return Head(header_names(first.cells), len(first.cells), first.line, height_of(first.cells))


def _skipped(sample: Sample) -> list[Record]:
    lines = sample.dialect.skip_lines
    if not lines:
        return []
    text = b"".join(sample.text.splitlines(keepends=True)[:lines])
    return list(read_records(text, sample.dialect, encoding=sample.encoding, first_line=1))


def _shown_names(names: list[str], hidden_places: frozenset[int]) -> list[str]:
    return [
        HIDDEN if place in hidden_places and not is_password_name(name) else shown(name)
        for place, name in enumerate(names)
    ]


def _details(
    names: list[str], rows: list[list[str]], places: HiddenPlaces, choices: PreviewChoices
) -> list[ColumnDetails]:
    notation = Notation(choices.phone_region, choices.decimal_separator)
    details = []
    room = _SAMPLE_BYTES
    for place, name in enumerate(names):
        values = [shown(row[place]) if place < len(row) else "" for row in rows]
        values = [trim(value) if choices.trim or is_blank(value) else value for value in values]
        facts = facts_of(values, notation, date_format=choices.date_format, is_password=place in places.hidden)
        room -= sum(map(json_bytes, facts.samples))
        details.append(
            ColumnDetails(
                name=name,
                position=place + 1,
                samples=facts.samples if room > 0 else [],
                filled=facts.filled,
                distinct=facts.distinct,
                kinds=facts.kinds if place in places.passwords or place not in places.hidden else [Kind.TEXT],
                shares=facts.shares,
                date_formats=facts.date_formats,
                decimal_separators=facts.decimal_separators,
                is_password=place in places.passwords,
            )
        )
    return details


def _unclosed(sample: Sample, records: list[Record]) -> list[PreviewProblem]:
    """Return the problem of a quote that is open at the file's end: one more line would be part of its last record."""
    last = next((record for record in reversed(records) if record.cells), None)
    if last is None or sample.dialect.quote not in sample.text.decode("latin-1"):
        return []
    rest = sample.text[line_starts(sample.text)[last.line - 1] :] + _SENTINEL
    read = read_records(rest, sample.dialect, encoding=sample.encoding, first_line=last.line)
    if sum(1 for record in read if record.cells) > 1:
        return []
    message = f"A quote in the row on line {last.line} is never closed: close it, or choose another sign for quotes."
    return [PreviewProblem(line=last.line, severity="error", code="quote_unclosed", message=message)]


def _invisible_problems(header: Record, names: list[str]) -> list[PreviewProblem]:
    """Return the names that are not what they look like, as after a second byte order mark."""
    return [
        PreviewProblem(
            line=header.line,
            severity="warning",
            code="column_name_invisible",
            message=f"The name of column {place} holds signs that cannot be seen: it is “{made_visible(name[:60])}”. "
            "The mapping needs them too.",
            column=shown_in_problem(name),
        )
        for place, name in enumerate(names, start=1)
        if made_visible(name) != name
    ][:_PROBLEMS]


def _name_problems(header: Record, names: list[str]) -> list[PreviewProblem]:
    problems: list[PreviewProblem] = []
    for place, (cell, name) in enumerate(zip(header.cells, names, strict=False), start=1):
        if trim(cell) == name or name == HIDDEN or len(problems) >= _PROBLEMS:
            continue
        given = "has no name" if is_blank(cell) else "has a name that another column has, too"
        problems.append(
            PreviewProblem(
                line=header.line,
                severity="warning",
                code="column_renamed",
                message=f"Column {place} {given}: it is called “{name[:60]}”.",
                column=shown_in_problem(name),
            )
        )
    return problems


def _row_problems(rows: list[Record], head: Head, *, trimmed: bool) -> list[PreviewProblem]:
    """Return the first problems of rows, whatever their columns will be mapped to."""
    problems: list[PreviewProblem] = []
    for row in rows:
        if len(problems) >= _PROBLEMS:
            break
        codes: list[tuple[str, str | None]] = []
        if len(row.cells) < head.width:
            codes.append(("too_few_cells", None))
        elif any(not is_blank(cell) if trimmed else cell for cell in row.cells[head.width :]):
            codes.append(("too_many_cells", None))
        for place in sorted(row.bad_cells):
            name = head.names[place] if place < len(head.names) else None
            codes.append(("nul_character" if "\0" in row.cells[place] else "undecodable", name))
        problems += [
            PreviewProblem(
                line=row.line,
                severity="error",
                code=code,
                message=describe_problem(code, shown(name[:60]) if name else None),
                column=shown_in_problem(name) if name else None,
            )
            for code, name in codes[: _PROBLEMS - len(problems)]
        ]
    return problems
