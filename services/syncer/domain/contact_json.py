"""A contact's values as JSON text, column by column: what `contacts.fields` holds of a row."""

import json
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from shared.events.row_table import value_columns

_ESCAPES: Final = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))
_ESCAPED: Final = bytes([*range(32), ord('"'), ord("\\")])
_RARE: Final = bytes(sign for sign in range(32) if sign not in b"\n\r\t")


def contact_json(rows: pa.Table) -> pa.Array:
    """Return for each row a JSON object: values by field number, without empty ones and those that are to stay.

    `rows` are as `unpack_rows` returns them.
    """
    pieces: list[pa.Array | str] = []
    for name, values in value_columns(rows).items():
        pieces += _pieces(name, values)
    if not pieces:
        return pa.array(["{}"] * rows.num_rows, pa.string())
    # Each member begins with a comma; the first one gives its place to the brace.
    if isinstance(pieces[0], str):
        return pc.binary_join_element_wise(*_constants_together(["{" + pieces[0][1:], *pieces[1:], "}"]), "")
    joined = pc.binary_join_element_wise(*_constants_together(pieces), "")
    opened = pc.binary_replace_slice(joined.cast(pa.binary()), start=0, stop=1, replacement=b"{").cast(pa.string())
    return pc.binary_join_element_wise(opened, "}", "")


def _pieces(name: str, values: pa.Array) -> list[pa.Array | str]:
    """Return what a column adds to the objects: pieces to be joined."""
    lengths = pc.binary_length(values)
    member: list[pa.Array | str] = [f',"{name}":"', _escaped(values), '"']
    if (pc.min(lengths).as_py() or 0) > 0:
        return member
    return [pc.if_else(pc.greater(lengths, 0), pc.binary_join_element_wise(*member, ""), "")]


def _constants_together(pieces: list[pa.Array | str]) -> list[pa.Array | str]:
    """Return the pieces with constants that follow each other made one: each piece takes its time for every row."""
    together: list[pa.Array | str] = []
    for piece in pieces:
        if together and isinstance(piece, str) and isinstance(together[-1], str):
            together[-1] += piece
        else:
            together.append(piece)
    return together


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
