"""Reads a block's cells by column with Arrow."""

import codecs
import re

import pyarrow as pa
from pyarrow import csv as arrow_csv

from shared.rules.dialect import Dialect


def is_usual(text: bytes, dialect: Dialect) -> bool:
    """Tell whether Arrow can be asked at all; what else it cannot read it says."""
    # A file's own mark is off: a U+FEFF that begins a block is data, which Arrow would drop as a mark.
    if len(dialect.delimiter.encode()) > 1 or b"\0" in text or text.startswith(codecs.BOM_UTF8):
        return False
    if dialect.comment is None:
        return True
    comment = dialect.comment.encode()
    return not (text.startswith(comment) or re.search(rb"[\r\n]" + re.escape(comment), text))


def read_cells(text: bytes, dialect: Dialect, width: int, ragged: list[arrow_csv.InvalidRow]) -> list[pa.Array] | None:
    """Return the cells of the rows of so many by column, and put all other rows into `ragged`.

    None where the text is not UTF-8, or cannot be read so.
    """

    def set_aside(row: arrow_csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    names = [str(place) for place in range(width)]
    try:
        # Checked here, since a row that is set aside has to be text before Arrow looks at its bytes.
        whole = pa.array([0, len(text)], pa.int32()).buffers()[1]
        pa.Array.from_buffers(pa.binary(), 1, [None, whole, pa.py_buffer(text)]).cast(pa.string())
        table = arrow_csv.read_csv(
            pa.BufferReader(text),
            arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=len(text) + 1),
            arrow_csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char=dialect.quote,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=set_aside,
            ),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    return [column.chunk(0) if column.num_chunks == 1 else column.combine_chunks() for column in table.columns]
