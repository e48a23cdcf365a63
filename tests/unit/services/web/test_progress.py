"""The percentage of an open run never falls, and never says that all is done."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.store.run_view import percent_done
from shared.store.runs import STEPS

SIZES = st.integers(0, 10**12)


@given(st.lists(SIZES, min_size=1, max_size=6), st.none() | SIZES, st.lists(SIZES, min_size=1, max_size=6))
def test_it_rises_with_bytes_then_rows_then_steps(
    bytes_seen: list[int], total: int | None, rows_seen: list[int]
) -> None:
    done = max(bytes_seen)
    total = None if total is None else max(total, done)
    told = [percent_done("queued", bytes_done=0, bytes_total=None, rows=0)]
    told += [percent_done("fetching", bytes_done=seen, bytes_total=total, rows=0) for seen in sorted(bytes_seen)]
    told += [percent_done("staging", bytes_done=done, bytes_total=total, rows=rows) for rows in sorted(rows_seen)]
    told += [percent_done(step, bytes_done=done, bytes_total=total, rows=max(rows_seen)) for step in STEPS[3:]]
    assert all(before <= after for before, after in pairwise(told))
    assert told[0] >= 0
    assert told[-1] < 100


def test_half_the_bytes_are_half_of_fetching() -> None:
    assert percent_done("fetching", bytes_done=0, bytes_total=100, rows=0) == 1
    assert percent_done("fetching", bytes_done=50, bytes_total=100, rows=0) == 20
    assert percent_done("fetching", bytes_done=100, bytes_total=100, rows=0) == 40
