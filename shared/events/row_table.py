"""The rows of a batch on the wire: an Arrow IPC stream, compressed with zstd inside."""

from typing import Final

import pyarrow as pa

LINE: Final = "line"
UNIQUE_ID: Final = "unique_id"
"""The first columns; the others are called by the numbers of their fields."""
_OPTIONS: Final = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=1), use_threads=False)


def pack_rows(rows: pa.Table) -> bytes:
    """Return the table as an event carries it."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema, options=_OPTIONS) as writer:
        writer.write_table(rows)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def unpack_rows(packed: bytes) -> pa.Table:
    """Return what `pack_rows` packed; pyarrow.ArrowInvalid where it is none."""
    with pa.ipc.open_stream(packed) as reader:
        return reader.read_all()
