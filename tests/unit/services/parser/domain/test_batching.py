import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.parser.domain.batching import MAX_UNPACKED_BYTES, MAX_WIRE_BYTES, Batch, cut_batches, wire_size
from services.parser.domain.judged import JudgedBlock, judge_records
from shared.events.row_table import unpack_rows, value_columns
from shared.rules.dialect import Dialect
from shared.rules.header import read_head
from shared.rules.kinds import Kind
from shared.rules.mapping import MappedColumn, ParsePlan, resolve
from shared.rules.records import read_records

COLUMNS = (MappedColumn("Name", 2, Kind.TEXT), MappedColumn("Password", 3, Kind.PASSWORD))
PLAN = ParsePlan((*COLUMNS, MappedColumn("Mail", 4, Kind.EMAIL)), MappedColumn("Id", 1, Kind.TEXT), keep_refused=True)
HEADER = "Id,Name,Password,Mail\n"


def judged(text: str) -> JudgedBlock:
    data, dialect = (HEADER + text).encode(), Dialect()
    head = read_head(data, dialect, encoding="utf-8")
    records = read_records(data, dialect, encoding="utf-8", first_line=1)
    return judge_records(records, head, resolve(PLAN, head.names), first_line=1)


def batches(text: str, max_bytes: int) -> list[Batch]:
    return list(cut_batches(judged(text), first=7, max_bytes=max_bytes))


def test_a_block_that_fits_is_one_batch() -> None:
    (batch,) = batches('1,a,pw,a@b.de\n\n,x,,\n2,"b\nc",,no mail\n', 1_000_000)
    assert (batch.first, batch.count, batch.first_line, batch.lines) == (7, 5, 1, 6)
    assert batch.rows.to_pydict() == {
        "line": [2, 5],
        "unique_id": ["1", "2"],
        "2": ["a", "b\nc"],
        "4": ["a@b.de", None],
    }
    assert batch.no_row_counts() == (1, 1, 0)
    assert [(rejection.row.line, rejection.height) for rejection in batch.rejected] == [(4, 1)]
    assert [(password.line, password.field, password.clear) for password in batch.passwords] == [(2, 3, "pw")]
    assert [(warned.line, warned.problems[0].code) for warned in batch.warned] == [(5, "email_invalid")]


def test_a_block_without_records_is_one_empty_batch() -> None:
    head = read_head(HEADER.encode(), Dialect(), encoding="utf-8")
    empty = judge_records([], head, resolve(PLAN, head.names), first_line=9)
    (batch,) = cut_batches(empty, first=0)
    assert (batch.first, batch.count, batch.first_line, batch.lines, batch.rows.num_rows) == (0, 0, 9, 0, 0)


@pytest.mark.parametrize("size", [100, 10_000])
def test_each_batch_fits_or_is_one_record(size: int) -> None:
    source = random.Random(1)
    text = "".join(f"{row},{source.randbytes(size).hex()},{'p' * (row % 9)},\n" for row in range(200))
    for batch in batches(text, 40_000):
        assert wire_size(batch) <= 40_000 or batch.count == 1


def test_rows_that_can_be_packed_well_are_bounded_unpacked() -> None:
    cut = batches("".join(f"{row},{'x' * 100},,\n" for row in range(60_000)), MAX_WIRE_BYTES)
    assert len(cut) > 1
    assert max(batch.rows.nbytes for batch in cut) <= MAX_UNPACKED_BYTES


def test_a_batch_is_packed_as_it_is() -> None:
    for batch in batches("".join(f"{row},a,pw,\n" for row in range(900)), 8_000):
        unpacked = unpack_rows(batch.packed)
        assert unpacked.column("line").equals(batch.rows.column("line"))
        assert value_columns(unpacked)["2"].equals(batch.rows.column("2").combine_chunks())


LINE = st.sampled_from(["1,a,pw,a@b.de\n", "\n", ",x,,\n", '2,"b\nc",,no mail\n', "x\n", '"3\r\n",\r', "4,,,\n"])


@given(st.lists(LINE, max_size=30).map("".join), st.integers(1, 60_000))
def test_batches_tile_the_block(text: str, max_bytes: int) -> None:
    whole = judged(text)
    cut = list(cut_batches(whole, first=7, max_bytes=max_bytes))
    assert [batch.first for batch in cut] == [7 + sum(b.count for b in cut[:place]) for place in range(len(cut))]
    assert [batch.first_line for batch in cut] == [1 + sum(b.lines for b in cut[:place]) for place in range(len(cut))]
    assert sum(batch.count for batch in cut) == whole.records
    assert sum(batch.lines for batch in cut) == whole.lines
    assert [row for batch in cut for row in batch.rows.to_pylist()] == whole.rows.drop_columns(["record"]).to_pylist()
    assert [one for batch in cut for one in batch.rejected] == whole.rejected
    assert [one for batch in cut for one in batch.passwords] == whole.passwords
    for batch in cut:
        assert batch.count == batch.rows.num_rows + len(batch.rejected) + sum(batch.no_row_counts())
