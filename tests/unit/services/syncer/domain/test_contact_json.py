import json

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from services.syncer.domain.contact_json import contact_json
from shared.events.row_table import pack_rows, unpack_rows


def packed(table: pa.Table) -> pa.Table:
    return unpack_rows(pack_rows(table))


VALUES = st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=8))
def test_it_is_what_contacts_hold(rows: list[tuple[str | None, ...]]) -> None:
    table = pa.table(
        {
            "line": list(range(len(rows))),
            "unique_id": [str(place) for place in range(len(rows))],
            "3": pa.array([row[0] for row in rows], pa.string()),
            "12": pa.array([row[1] for row in rows], pa.string()),
        }
    )
    found = [json.loads(text) for text in contact_json(packed(table)).to_pylist()]
    wanted = [{name: value for name, value in zip(("3", "12"), row, strict=True) if value} for row in rows]
    assert found == wanted


def test_a_slice_of_a_table_is_read_as_such() -> None:
    table = pa.table({"line": [1, 2], "unique_id": ["a", "b"], "3": ['say "x"\n', "plain"]})
    assert contact_json(packed(table).slice(1)).to_pylist() == ['{"3":"plain"}']


def test_without_fields_it_is_empty() -> None:
    assert contact_json(packed(pa.table({"line": [1], "unique_id": ["a"]}))).to_pylist() == ["{}"]
