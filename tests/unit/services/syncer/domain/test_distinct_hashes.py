import struct

from hypothesis import given
from hypothesis import strategies as st

from services.syncer.domain.distinct_hashes import DistinctHashes

HASHES = st.lists(st.sampled_from([0, 1, 16, 17, -1, 2**63 - 1, -(2**63)]) | st.integers(-(2**63), 2**63 - 1))


def test_each_of_very_many_is_counted_once() -> None:
    distinct = DistinctHashes()
    for first in range(0, 1_500_000, 100_000):  # each two share half of their numbers
        distinct.add(struct.pack("<200000q", *range(first, first + 200_000)))
    assert distinct.count() == 1_600_000


@given(st.lists(HASHES))
def test_each_is_counted_once(batches: list[list[int]]) -> None:
    distinct = DistinctHashes()
    for batch in batches:
        distinct.add(struct.pack(f"<{len(batch)}q", *batch))
    assert distinct.count() == len({number for batch in batches for number in batch})
