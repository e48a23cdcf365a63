"""Reads the head of a stored file: of nearly all files it lies in the first segment, but no row is too long for it."""

import asyncio
from typing import Final

from shared.objects.reader import ObjectReader
from shared.rules.dialect import Dialect
from shared.rules.header import Head, holds_head, read_head

_FIRST_BYTES: Final = 1 << 20
_MOST_BYTES: Final = 1 << 27
"""A record has at most half of it; comments and blank lines may stand before it, but no gigabytes of them."""


async def read_file_head(reader: ObjectReader, dialect: Dialect, *, encoding: str) -> tuple[Head, bytes]:
    """Return the head, and the file's beginning with all of it; errors as of `read_head`."""
    length = _FIRST_BYTES
    while True:
        first = await reader.read(0, length)
        is_enough = len(first) < length or length >= _MOST_BYTES
        if is_enough or await asyncio.to_thread(holds_head, first, dialect, encoding=encoding):
            return await asyncio.to_thread(read_head, first, dialect, encoding=encoding), first
        length *= 4
