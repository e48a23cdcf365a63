"""The rows of a batch on the wire: an Arrow IPC stream, compressed with zstd inside.

A row's values stand in one text, parted by U+0000, which no good row holds: with a column for each field, half of what
is sent would tell where each value begins.
"""

from collections import defaultdict
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

LINE: Final = "line"
UNIQUE_ID: Final = "unique_id"
VALUES: Final = "values"
KEPT: Final = "kept"
SEPARATOR: Final = "\0"
_FIELDS: Final = b"fields"
_FIRST_VALUE: Final = 2
_TYPES: Final = {LINE: pa.int64(), UNIQUE_ID: pa.string(), VALUES: pa.string(), KEPT: pa.list_(pa.int32())}
_OPTIONS: Final = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=1), use_threads=False)


def pack_rows(rows: pa.Table) -> bytes:
    """Return rows as an event carries them.

    `rows` has `line`, `unique_id` (null: keys are generated) and a text column for each field, called by its number;
    null: the stored value stays.
    """
    columns = [column.combine_chunks() for column in rows.columns[_FIRST_VALUE:]]
    if columns:
        values = pc.binary_join_element_wise(*columns, SEPARATOR, null_handling="replace", null_replacement="")
    else:
        values = pa.array([""] * rows.num_rows, pa.string())
    fields = rows.column_names[_FIRST_VALUE:]
    schema = pa.schema(list(_TYPES.items()), metadata={_FIELDS: ",".join(fields).encode()})
    parts = [rows.column(LINE), rows.column(UNIQUE_ID), values, _kept(fields, columns, rows.num_rows)]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema, options=_OPTIONS) as writer:
        writer.write_table(pa.Table.from_arrays(parts, schema=schema))
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def unpack_rows(packed: bytes) -> pa.Table:
    """Return a table of `line`, `unique_id`, `values` and `kept`; pyarrow.ArrowInvalid where it is none.

    `values` are those of `fields_of` the table, in their order, parted by U+0000; `kept` has the fields of which the
    stored values stay, or null.
    """
    try:
        with pa.ipc.open_stream(packed) as reader:
            rows = reader.read_all()
    except OSError as error:  # so Arrow calls a stream that was cut off
        raise pa.ArrowInvalid("These rows are not whole.") from error
    types = dict(zip(rows.column_names, rows.schema.types, strict=True))
    if types != _TYPES or _FIELDS not in (rows.schema.metadata or {}):
        raise pa.ArrowInvalid("These are not the rows of a batch.")
    return rows


def fields_of(rows: pa.Table) -> list[str]:
    """Return the numbers of the fields that the values of an unpacked table are of."""
    names: str = rows.schema.metadata[_FIELDS].decode()
    return names.split(",") if names else []


def value_columns(rows: pa.Table) -> dict[str, pa.Array]:
    """Return the values of an unpacked table by the numbers of their fields; a stored value that stays is empty.

    pyarrow.ArrowInvalid where there is not a value for each row and field.
    """
    fields = fields_of(rows)
    parted = pc.split_pattern(rows.column(VALUES).combine_chunks(), SEPARATOR).flatten()
    if fields and len(parted) != rows.num_rows * len(fields):
        raise pa.ArrowInvalid("There is not a value for each row and field.")
    return {name: parted.take(pa.arange(place, len(parted), len(fields))) for place, name in enumerate(fields)}


def _kept(fields: list[str], columns: list[pa.Array], rows: int) -> pa.Array:
    kept: dict[int, list[int]] = defaultdict(list)
    for name, column in zip(fields, columns, strict=True):
        if column.null_count:
            for place in pc.indices_nonzero(column.is_null()).to_pylist():
                kept[place].append(int(name))
    if not kept:
        return pa.nulls(rows, _TYPES[KEPT])
    return pa.array([kept.get(place) for place in range(rows)], _TYPES[KEPT])
