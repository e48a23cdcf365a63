from collections.abc import Sequence

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from services.syncer.domain.row_hash import id_hashes, row_hashes
from shared.events.row_table import pack_rows, unpack_rows
from shared.events.rows import SealedPassword

VALUES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)


def table(rows: Sequence[tuple[str | None, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True))
    named = {str(number): pa.array(list(values), pa.string()) for number, values in enumerate(columns, start=2)}
    ids = [f"id{place}" for place in range(len(rows))]
    return unpack_rows(pack_rows(pa.table({"line": list(range(2, len(rows) + 2)), "unique_id": ids} | named)))


@given(st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=2, max_size=8))
def test_rows_have_the_same_hash_exactly_when_they_have_the_same_values(rows: list[tuple[str, ...]]) -> None:
    hashes = row_hashes(table(rows), [2, 3, 4], []).to_pylist()
    for one, hash_of_one in zip(rows, hashes, strict=True):
        for other, hash_of_other in zip(rows, hashes, strict=True):
            assert (one == other) == (hash_of_one == hash_of_other)


def test_a_row_whose_stored_value_stays_has_none() -> None:
    assert row_hashes(table([("a", None), ("a", "")]), [2, 3], []).null_count == 1


def test_a_password_counts_by_its_fingerprint() -> None:
    rows = table([("a",), ("a",), ("a",)])
    passwords = [SealedPassword(line=3, field=9, sealed="x", fingerprint="f1")]
    without, first, also_without = row_hashes(rows, [2, 9], passwords).to_pylist()
    assert without == also_without != first
    other = [SealedPassword(line=3, field=9, sealed="x", fingerprint="f2")]
    assert row_hashes(rows, [2, 9], other).to_pylist()[1] != first
    resealed = [SealedPassword(line=3, field=9, sealed="y", fingerprint="f1")]
    assert row_hashes(rows, [2, 9], resealed).to_pylist()[1] == first


def test_unique_ids_have_hashes_of_their_own() -> None:
    assert len(set(id_hashes(table([("a",)] * 50)).to_pylist())) == 50


def test_rows_without_mapped_fields_are_all_the_same() -> None:
    rows = table([(), ()])
    assert len(set(row_hashes(rows, [], []).to_pylist())) == 1
