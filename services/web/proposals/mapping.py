"""The proposed mapping: from earlier imports, names, kinds that fit, and the values that are stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.web.proposals.assignment import best_assignment
from services.web.proposals.evidence import Equal, Remembered, StoredEvidence, Target, percent
from services.web.proposals.names import likeness
from shared.events.previews import ColumnDetails
from shared.rules.column_names import meaning_of
from shared.rules.kinds import Kind
from shared.rules.password_names import is_password_name

LEAST: Final = 60
"""What scores less is not proposed."""
_REMEMBERED: Final = {True: 105.0, False: 96.0}
_CONTRADICTED: Final = 0.5
_ONLY_ONE: Final = 0.8
_BY_KIND_ALONE: Final = {Kind.PASSWORD: 70.0, Kind.EMAIL: 66.0, Kind.PHONE: 62.0}
_ENOUGH: Final = 5
_DISTINCT: Final = 0.9
_KEEP: Final = "Leave it out to keep the passwords that people have."
_UNEQUAL: Final = 15.0
_OF_MEANING: Final = {
    "email": Kind.EMAIL,
    "phone": Kind.PHONE,
    "mobile": Kind.PHONE,
    "fax": Kind.PHONE,
    "birth_date": Kind.DATE,
    "joined": Kind.DATE,
    "left": Kind.DATE,
}
_NO_NUMBERS: Final = frozenset({"first_name", "last_name", "full_name", "city", "company", "country"})
_WORDS: Final = {
    Kind.EMAIL: "e-mail addresses",
    Kind.PHONE: "telephone numbers",
    Kind.NUMBER: "numbers",
    Kind.DATE: "dates",
}


@dataclass
class ProposedLine:
    """A column and the number of the field it may go to, how sure that is (to 100), and why."""

    column: int
    field: int
    score: int
    evidence: list[str]


def propose_mapping(
    columns: Sequence[ColumnDetails],
    targets: Sequence[Target],
    remembered: Mapping[str, Sequence[Remembered]],
    stored: StoredEvidence,
    *,
    key_field: int | None,
) -> list[ProposedLine]:
    """Return at most one line for each column and each field; columns are meant by their place from 0."""
    judged = {
        (place, target.number): _judge(
            column,
            target,
            [one for one in remembered.get(column.name, ()) if one.field == target.number],
            stored.known.get(place) if target.number == key_field else None,
            stored.equal.get((place, target.number)),
        )
        for place, column in enumerate(columns)
        for target in targets
    }
    _add_only_ones(columns, targets, judged)
    scores = {pair: score for pair, (score, _) in judged.items() if score >= LEAST}
    return [
        ProposedLine(column, number, min(100, round(scores[column, number])), judged[column, number][1])
        for column, number in best_assignment(scores)
    ]


_Judgement = tuple[float, list[str]]


def _judge(
    column: ColumnDetails, target: Target, remembered: Sequence[Remembered], known: float | None, equal: Equal | None
) -> _Judgement:
    if column.is_password != (target.kind is Kind.PASSWORD):
        return 0.0, []
    if remembered:
        first = max(remembered, key=lambda one: one.same_manager)
        where = "" if first.same_manager else " of another contact manager"
        return _REMEMBERED[first.same_manager], [f"The import “{first.import_name}”{where} maps it so."]
    alike = likeness(column.name, target.name)
    score, evidence = alike.score, [alike.reason] if alike.reason else []
    if column.is_password:
        return score, [*evidence, _KEEP] if evidence else []
    wanted = _wanted_kind(target)
    if column.filled and wanted is not None:
        share = column.shares.get(wanted, 0.0)
        if share < _CONTRADICTED:
            return 0.0, []
        evidence.append(f"{percent(share)} of the values are {_WORDS[wanted]}{_notation(column, target.kind)}.")
    if meaning_of(target.name) in _NO_NUMBERS and _is_something_else(column):
        return 0.0, []
    for worth, words in (_of_key(column, known), _of_equal(target, equal)):
        evidence += [words] if words else []
        score = _with_values(score, worth, is_named=alike.score > 0)
    return score, evidence


def _with_values(score: float, worth: float, *, is_named: bool) -> float:
    """Add what stored values tell to what names tell; values against it count only where there is a name for it."""
    if worth > 0:
        return max(score, worth) + (5 if is_named else 0)
    return score + worth if is_named else score


def _notation(column: ColumnDetails, kind: Kind) -> str:
    """Return what the import's options have to say for a field of this kind to take the values."""
    if kind is Kind.PHONE and Kind.PHONE not in column.kinds:
        return ", some without a country code: choose the region of telephone numbers"
    if kind is Kind.NUMBER and column.decimal_separators == [","]:
        return ", with a decimal comma"
    if kind is Kind.DATE and column.date_formats:
        return f", as {' or '.join(column.date_formats)}"
    return ""


def _wanted_kind(target: Target) -> Kind | None:
    if target.kind in _WORDS:
        return target.kind
    return _OF_MEANING.get(meaning_of(target.name) or "")


def _is_something_else(column: ColumnDetails) -> bool:
    return any(column.shares.get(kind, 0.0) >= _ONLY_ONE for kind in (Kind.EMAIL, Kind.DATE, Kind.NUMBER))


def _of_key(column: ColumnDetails, known: float | None) -> tuple[float, str | None]:
    if known is None or known < _CONTRADICTED or column.distinct < _DISTINCT:
        return 0.0, None
    return 60 + 40 * known, f"{percent(known)} of the values are unique ids of contacts."


def _of_equal(target: Target, equal: Equal | None) -> tuple[float, str | None]:
    if equal is None or equal.compared < _ENOUGH:
        return 0.0, None
    words = f"Equals “{target.name}” for {percent(equal.share)} of the {equal.compared} contacts that were found."
    if equal.share >= _CONTRADICTED:
        # Few values, such as yes and no, are equal by chance.
        return (60 + 40 * equal.share if equal.values >= _ENOUGH else 40 + 30 * equal.share), words
    return (-_UNEQUAL, words) if not equal.equal else (0.0, None)


def _add_only_ones(
    columns: Sequence[ColumnDetails], targets: Sequence[Target], judged: dict[tuple[int, int], _Judgement]
) -> None:
    """Give a column the field of its kind where it is the only column, and the field the only one, of that kind."""
    for kind, score in _BY_KIND_ALONE.items():
        places = [place for place, column in enumerate(columns) if _is_of(column, kind)]
        fields = [target for target in targets if target.kind is kind]
        if len(places) != 1 or len(fields) != 1:
            continue
        column, number = columns[places[0]], fields[0].number
        meaning = meaning_of(column.name)
        before, _ = judged[places[0], number]
        if before < LEAST and (meaning is None or (_OF_MEANING.get(meaning) is kind and meaning != "fax")):
            what = _WORDS.get(kind, "passwords")
            words = [f"It is the only column with {what}, and “{fields[0].name}” the only field for them."]
            judged[places[0], number] = (score, [*words, _KEEP] if kind is Kind.PASSWORD else words)


def _is_of(column: ColumnDetails, kind: Kind) -> bool:
    if kind is Kind.PASSWORD or column.is_password:
        return column.is_password and kind is Kind.PASSWORD
    return column.shares.get(kind, 0.0) >= _ONLY_ONE


def suggested_kind(column: ColumnDetails) -> Kind:
    """Return the kind for a new field of a column; numbers may be codes, and so are texts."""
    if column.is_password or is_password_name(column.name):
        return Kind.PASSWORD
    if Kind.EMAIL in column.kinds:
        return Kind.EMAIL
    if Kind.PHONE in column.kinds and column.shares.get(Kind.PHONE, 0.0) >= _DISTINCT:
        return Kind.PHONE
    if Kind.DATE in column.kinds and Kind.NUMBER not in column.kinds and len(column.date_formats) == 1:
        return Kind.DATE
    return Kind.TEXT
