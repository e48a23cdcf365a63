"""What the database tells of a preview's columns: earlier imports' mappings, and which values are stored.

Contacts are found by their unique ids, which is quick however many there are, and then compared field by field.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from services.web.proposals.evidence import Equal, Remembered, StoredEvidence
from shared.events.previews import HIDDEN, FilePreview
from shared.postgres.database import Connection
from shared.rules.column_names import plain_name
from shared.rules.kinds import Kind
from shared.rules.trimming import trim
from shared.store.managers import Manager

_IMPORTS: Final = 500
_CONTACTS: Final = 200
_LONGEST_ID: Final = 2000
_LEAST_KNOWN: Final = 0.2


async def remembered_mappings(connection: Connection, manager: Manager) -> dict[str, list[Remembered]]:
    """Return what imports map columns to, by the columns' names: of this manager first, the newest first.

    Of other managers' imports a field counts where this one has a field of the same name.
    """
    rows = await connection.fetch(
        """SELECT i.name AS import_name, i.manager_id = $1 AS same_manager, line->>'column' AS name,
            (line->>'field')::integer AS number, f.name AS field_name
        FROM (
            SELECT id, name, manager_id, setup FROM imports
            WHERE deleted_at IS NULL AND NOT is_draft AND (setup->'options'->>'has_header')::boolean
            ORDER BY manager_id = $1 DESC, id DESC LIMIT $2
        ) i
        CROSS JOIN jsonb_array_elements(i.setup->'mapping') AS line
        JOIN fields f ON f.manager_id = i.manager_id AND f.number = (line->>'field')::integer
        WHERE line->>'column' IS NOT NULL
        ORDER BY same_manager DESC, i.id DESC""",
        manager.id,
        _IMPORTS,
    )
    by_name = {plain_name(field.name): field.number for field in manager.fields}
    found: defaultdict[str, list[Remembered]] = defaultdict(list)
    for row in rows:
        number = row["number"] if row["same_manager"] else by_name.get(plain_name(row["field_name"]))
        if number is not None:
            found[trim(row["name"])].append(Remembered(number, row["import_name"], row["same_manager"]))
    return {name: _newest(entries) for name, entries in found.items()}


def _newest(entries: list[Remembered]) -> list[Remembered]:
    """Return what the newest imports say; where this manager's say anything, others' count no more."""
    own = [entry for entry in entries if entry.same_manager]
    return (own or entries)[:1]


async def stored_evidence(connection: Connection, manager: Manager, preview: FilePreview) -> StoredEvidence:
    """Compare the preview's rows with the contacts; nothing where there are none."""
    if not manager.contact_count or manager.key_field is None:
        return StoredEvidence()
    rows = [[trim(cell) for cell in row] for row in preview.rows[:_CONTACTS]]
    known = await _known(connection, manager, preview, rows)
    if not known:
        return StoredEvidence()
    best = max(known, key=lambda place: known[place])
    by_id = {row[best]: row for row in rows if best < len(row) and row[best]}
    contacts = await connection.fetch(
        "SELECT unique_id, fields FROM contacts WHERE manager_id = $1 AND unique_id = ANY($2)", manager.id, list(by_id)
    )
    pairs = [(by_id[contact["unique_id"]], contact["fields"]) for contact in contacts]
    return StoredEvidence(known=known, equal=_compared(manager, preview, pairs))


async def _known(
    connection: Connection, manager: Manager, preview: FilePreview, rows: Sequence[list[str]]
) -> dict[int, float]:
    """Return for each column which share of its values are unique ids, where more than a few are."""
    places: list[int] = []
    values: list[str] = []
    totals: dict[int, int] = {}
    for place, column in enumerate(preview.details):
        if column.is_password:
            continue
        distinct = {row[place] for row in rows if place < len(row) and row[place] and row[place] != HIDDEN}
        fitting = [value for value in distinct if len(value) <= _LONGEST_ID and "\0" not in value]
        totals[place] = len(distinct)
        places += [place] * len(fitting)
        values += fitting
    found = await connection.fetch(
        """SELECT v.place, count(*) AS known FROM unnest($2::integer[], $3::text[]) AS v (place, value)
        JOIN contacts c ON c.manager_id = $1 AND c.unique_id = v.value GROUP BY v.place""",
        manager.id,
        places,
        values,
    )
    shares = {row["place"]: row["known"] / totals[row["place"]] for row in found}
    return {place: share for place, share in shares.items() if share >= _LEAST_KNOWN}


def _compared(
    manager: Manager, preview: FilePreview, pairs: list[tuple[list[str], dict[str, Any]]]
) -> dict[tuple[int, int], Equal]:
    """Compare each column with each field, over the contacts that have something in the field."""
    equal: dict[tuple[int, int], Equal] = {}
    for field in manager.fields:
        if field.kind is Kind.PASSWORD or field.number == manager.key_field:
            continue
        filled = [(row, stored) for row, fields in pairs if (stored := fields.get(str(field.number)))]
        values = len({stored for _, stored in filled})
        for place, column in enumerate(preview.details):
            if not column.is_password and filled:
                same = sum(1 for row, stored in filled if place < len(row) and row[place] == stored)
                equal[place, field.number] = Equal(same, len(filled), values)
    return equal
