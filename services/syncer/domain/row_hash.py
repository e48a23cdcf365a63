"""The 64-bit hash of a row's mapped values: equal rows of one scheme have equal hashes.

A good row holds no U+0000, so values joined by it can't be mistaken for others. A change is missed once in 2^64.
"""

from collections.abc import Iterable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from shared.events.row_table import KEPT, LINE, SEPARATOR, UNIQUE_ID, VALUES, fields_of
from shared.events.rows import SealedPassword

HASH_VERSION: Final = 1
"""Raise it with any change to what is hashed or how: hashes of other versions are then compared by value."""


def row_hashes(rows: pa.Table, fields: list[int], passwords: Iterable[SealedPassword]) -> pa.Array:
    """Return the int64 hash of each row, null where a stored value is to stay, so that only values can tell.

    `rows` are as `unpack_rows` returns them. `fields` are the numbers of all mapped fields; those that have no values
    in `rows` are passwords, which count by their fingerprints.
    """
    values = rows.column(VALUES).combine_chunks().cast(pa.binary())
    texts = set(fields_of(rows))
    secret = [number for number in fields if str(number) not in texts]
    if secret:
        columns = [*([values] if texts else []), *_fingerprints(rows, secret, passwords)]
        values = pc.binary_join_element_wise(*columns, SEPARATOR.encode())
    kept = rows.column(KEPT)
    if kept.null_count < len(kept):
        values = pc.if_else(kept.combine_chunks().is_null(), values, None)
    return _hashed(values)


def id_hashes(rows: pa.Table) -> pa.Array:
    """Return an int64 hash of each unique id: where all differ, so do the ids."""
    return _hashed(rows.column(UNIQUE_ID).combine_chunks().cast(pa.binary()))


def _hashed(values: pa.Array) -> pa.Array:
    digest = xxhash.xxh3_64_intdigest
    if values.null_count:
        hashes = [None if value is None else digest(value) for value in values.to_pylist()]
    else:
        hashes = list(map(digest, values.to_pylist()))
    return pa.array(hashes, pa.uint64()).view(pa.int64())


def _fingerprints(rows: pa.Table, fields: list[int], passwords: Iterable[SealedPassword]) -> list[pa.Array]:
    known = {(password.line, password.field): password.fingerprint.encode() for password in passwords}
    lines = rows.column(LINE).to_pylist()
    return [pa.array([known.get((line, number), b"") for line in lines], pa.binary()) for number in fields]
