import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events.row_table import KEPT, LINE, UNIQUE_ID, fields_of, pack_rows, unpack_rows, value_columns

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)
ROWS = st.integers(0, 3).flatmap(
    lambda width: st.lists(
        st.tuples(TEXTS | st.none(), st.lists(TEXTS | st.none(), min_size=width, max_size=width)), max_size=6
    ).map(lambda rows: (width, rows))
)


@given(ROWS)
def test_rows_come_back(drawn: tuple[int, list[tuple[str | None, list[str | None]]]]) -> None:
    width, rows = drawn
    names = [str(7 + place) for place in range(width)]
    columns = {name: pa.array([values[place] for _, values in rows], pa.string()) for place, name in enumerate(names)}
    ids = pa.array([unique_id for unique_id, _ in rows], pa.string())
    table = pa.table({LINE: pa.array(range(len(rows)), pa.int64()), UNIQUE_ID: ids} | columns)
    unpacked = unpack_rows(pack_rows(table))
    assert unpacked.column(LINE).equals(table.column(LINE))
    assert unpacked.column(UNIQUE_ID).combine_chunks().equals(ids)
    assert fields_of(unpacked) == names
    assert {name: column.to_pylist() for name, column in value_columns(unpacked).items()} == {
        name: [value or "" for value in column.to_pylist()] for name, column in columns.items()
    }
    kept = [[int(name) for name, value in zip(names, values, strict=True) if value is None] for _, values in rows]
    assert unpacked.column(KEPT).to_pylist() == [fields or None for fields in kept]


def test_a_part_of_a_table_has_its_own_values() -> None:
    unpacked = unpack_rows(pack_rows(pa.table({LINE: [1, 2, 3], UNIQUE_ID: ["a", "b", "c"], "4": ["x", "y", "z"]})))
    part = pa.concat_tables([unpacked.slice(2), unpacked.filter(pa.array([True, False, False]))])
    assert value_columns(part)["4"].to_pylist() == ["z", "x"]


SCHEMA = unpack_rows(pack_rows(pa.table({LINE: pa.array([1]), UNIQUE_ID: ["a"]}))).schema


@pytest.mark.parametrize("schema", [SCHEMA.remove_metadata(), SCHEMA.remove(3), pa.schema([])])
def test_another_table_is_refused(schema: pa.Schema) -> None:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_table(schema.empty_table())
    with pytest.raises(pa.ArrowInvalid):
        unpack_rows(sink.getvalue().to_pybytes())


@pytest.mark.parametrize("cut", [1, 50, 300])
def test_rows_that_were_cut_off_are_refused(cut: int) -> None:
    whole = pack_rows(pa.table({LINE: list(range(5_000)), UNIQUE_ID: [f"id{row}" for row in range(5_000)]}))
    with pytest.raises(pa.ArrowInvalid):
        unpack_rows(whole[: -cut - 8])  # the last eight bytes only say that the stream ends


def test_a_value_too_few_is_refused() -> None:
    unpacked = unpack_rows(pack_rows(pa.table({LINE: [1, 2], UNIQUE_ID: ["a", "b"], "4": ["x", "y"], "5": ["x", "y"]})))
    broken = unpacked.set_column(2, "values", pa.array(["x", "x\0y"]))
    with pytest.raises(pa.ArrowInvalid):
        value_columns(broken)
