"""The proposed unique id: what tells the contacts apart already, else the column that tells the rows apart best."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.web.proposals.evidence import StoredEvidence, Target, percent
from services.web.proposals.mapping import ProposedLine
from shared.events.previews import ColumnDetails
from shared.rules.column_names import NUMBERS, meaning_of
from shared.rules.kinds import Kind

_LEAST: Final = 30
_ROWS: Final = 2
_OF_MEANING: Final = {**dict.fromkeys(NUMBERS, 50), "email": 40, "username": 35, "mobile": 5}
_NEVER: Final = frozenset(
    {"birth_date", "joined", "left", "notes", "first_name", "last_name", "full_name", "street", "city", "postcode"}
)


@dataclass(frozen=True)
class ProposedId:
    """A column's place, and the number of the field it is mapped to; either None where there is none."""

    column: int | None
    field: int | None
    score: int
    evidence: list[str]


def propose_unique_id(
    columns: Sequence[ColumnDetails],
    lines: Sequence[ProposedLine],
    stored: StoredEvidence,
    *,
    key_field: Target | None,
    has_contacts: bool,
) -> ProposedId | None:
    """Return the best unique id, None where no column is one; while there are contacts, their key field stays."""
    if key_field is not None and has_contacts:
        return _of_stored_key(columns, lines, stored, key_field)
    fields = {line.column: line.field for line in lines}
    judged = [
        (score, place)
        for place, column in enumerate(columns)
        if (score := _score(column, place, fields.get(place), key_field)) >= _LEAST
    ]
    if not judged:
        return None
    score, place = max(judged, key=lambda each: (each[0], -each[1]))
    evidence = ["All values of the sample differ, and none is empty."]
    if meaning_of(columns[place].name) in NUMBERS:
        evidence.append("Its name says that it tells people apart.")
    return ProposedId(place, fields.get(place), min(100, score), evidence)


def _of_stored_key(
    columns: Sequence[ColumnDetails], lines: Sequence[ProposedLine], stored: StoredEvidence, key_field: Target
) -> ProposedId:
    words = f"The contacts are told apart by “{key_field.name}”."
    line = next((line for line in lines if line.field == key_field.number), None)
    if line is None:
        return ProposedId(None, key_field.number, 0, [words, "No column seems to hold it: choose the one that does."])
    evidence = [words, *line.evidence]
    column = columns[line.column]
    if column.distinct < 1:
        evidence.append(f"Only {percent(column.distinct)} of its values differ: of equal ones the last row counts.")
    if column.filled < 1:
        evidence.append(f"Only {percent(column.filled)} of the rows have it: the others will be rejected.")
    if stored.known and line.column not in stored.known:
        evidence.append("None of its values is the unique id of a contact.")
    return ProposedId(line.column, key_field.number, line.score, evidence)


def _score(column: ColumnDetails, place: int, field: int | None, key_field: Target | None) -> int:
    if column.is_password or column.distinct < 1 or column.filled < 1:
        return 0
    meaning = meaning_of(column.name)
    if meaning in _NEVER or (Kind.DATE in column.kinds and Kind.NUMBER not in column.kinds):
        return 0
    score = _OF_MEANING.get(meaning or "", 10) + (10 if place == 0 else 0)
    if Kind.EMAIL in column.kinds:
        score = max(score, _OF_MEANING["email"])
    elif Kind.NUMBER in column.kinds:
        score += 10
    if key_field is not None and field == key_field.number:
        score += 40
    return score
