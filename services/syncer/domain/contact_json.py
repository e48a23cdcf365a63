"""A contact's values as JSON text, column by column: what `contacts.fields` holds of a row."""

import json
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

_ESCAPES: Final = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))
_ESCAPED: Final = bytes([*range(32), ord('"'), ord("\\")])
_RARE: Final = bytes(sign for sign in range(32) if sign not in b"\n\r\t")
_FIRST_VALUE: Final = 2


def contact_json(rows: pa.Table) -> pa.Array:
    """Return for each row a JSON object: values by field number, without empty ones and those that are to stay."""
    parts = [_part(name, rows.column(name).combine_chunks()) for name in rows.column_names[_FIRST_VALUE:]]
    if not parts:
        return pa.array(["{}"] * rows.num_rows, pa.string())
    joined = pc.binary_join_element_wise(*parts, "")
    # Each part begins with a comma; the first one gives its place to the brace.
    opened = pc.binary_replace_slice(joined.cast(pa.binary()), start=0, stop=1, replacement=b"{").cast(pa.string())
    return pc.binary_join_element_wise(opened, "}", "")


def _part(name: str, values: pa.Array) -> pa.Array:
    if values.null_count:
        values = values.fill_null("")
    filled = pc.greater(pc.binary_length(values), 0)
    return pc.if_else(filled, pc.binary_join_element_wise(f',"{name}":"', _escaped(values), '"', ""), "")


def _escaped(values: pa.Array) -> pa.Array:
    data = values.buffers()[2]
    text = b"" if data is None else data.to_pybytes()
    if len(text.translate(None, _ESCAPED)) == len(text):
        return values
    if len(text.translate(None, _RARE)) != len(text):
        return pa.array([json.dumps(value, ensure_ascii=False)[1:-1] for value in values.to_pylist()], pa.string())
    for sign, escape in _ESCAPES:
        if sign.encode() in text:
            values = pc.replace_substring(values, sign, escape)
    return values
