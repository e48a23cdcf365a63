from hypothesis import given
from hypothesis import strategies as st

from services.parser.domain.batching import Batch, cut_batches
from services.parser.domain.rows import GoodRow, RejectedRow, RowProblem

Outcome = GoodRow | RejectedRow | None


def good(line: int, size: int = 1) -> GoodRow:
    return GoodRow(line, str(line), ["x" * size])


def bad(line: int) -> RejectedRow:
    return RejectedRow(line, None, id_unreadable=False, problems=[RowProblem("id_missing", "Id")])


def test_an_empty_chunk_is_one_empty_batch() -> None:
    assert list(cut_batches([])) == [Batch(0, is_last=True)]


def test_blank_records_are_counted_but_are_no_rows() -> None:
    outcomes: list[Outcome] = [None, good(2), None, bad(4), None]
    assert list(cut_batches(outcomes)) == [Batch(0, 5, [good(2)], [bad(4)], 3, is_last=True)]


def test_a_batch_ends_before_the_row_that_is_one_too_many() -> None:
    outcomes: list[Outcome] = [good(1), bad(2), None, good(4), None]
    assert list(cut_batches(outcomes, max_rows=2)) == [
        Batch(0, 3, [good(1)], [bad(2)], 1),
        Batch(3, 2, [good(4)], [], 1, is_last=True),
    ]


def test_the_last_full_batch_is_the_last() -> None:
    assert [batch.is_last for batch in cut_batches([good(1), good(2)], max_rows=1)] == [False, True]


def test_a_batch_is_bounded_in_bytes_and_a_larger_row_is_alone() -> None:
    batches = list(cut_batches([good(1, 400), good(2, 400), good(3, 5000), good(4, 400)], max_bytes=1200))
    assert [[row.line for row in batch.rows] for batch in batches] == [[1, 2], [3], [4]]


def test_bytes_are_those_of_utf8() -> None:
    rows = [GoodRow(line, None, ["é" * 300]) for line in range(4)]
    assert [len(batch.rows) for batch in cut_batches(rows, max_bytes=1000)] == [1, 1, 1, 1]


def test_the_standard_bounds() -> None:
    assert [len(batch.rows) for batch in cut_batches([good(line) for line in range(4001)])] == [2000, 2000, 1]
    assert all(
        sum(len(row.values[0]) for row in batch.rows) <= 640 * 1024
        for batch in cut_batches([good(line, 1000) for line in range(2000)])
    )


OUTCOMES = st.lists(
    st.none() | st.builds(good, st.integers(1, 9), st.integers(0, 60)) | st.builds(bad, st.integers(1, 9))
)


@given(OUTCOMES, st.integers(1, 5), st.integers(1, 200))
def test_batches_tile_the_chunk_and_depend_on_nothing_else(
    outcomes: list[Outcome], max_rows: int, max_bytes: int
) -> None:
    batches = list(cut_batches(iter(outcomes), max_rows=max_rows, max_bytes=max_bytes))
    assert batches == list(cut_batches(outcomes, max_rows=max_rows, max_bytes=max_bytes))
    assert [batch.is_last for batch in batches] == [False] * (len(batches) - 1) + [True]
    first = 0
    for batch in batches:
        assert batch.first == first
        part = outcomes[first : first + batch.count]
        assert batch.rows == [outcome for outcome in part if isinstance(outcome, GoodRow)]
        assert batch.rejected == [outcome for outcome in part if isinstance(outcome, RejectedRow)]
        assert batch.blanks == part.count(None)
        assert len(batch.rows) + len(batch.rejected) <= max_rows
        first += batch.count
    assert first == len(outcomes)
