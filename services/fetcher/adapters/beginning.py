"""The beginning of a file's content, of which no more is fetched than is needed.

A zip's directory stands at its end. A small zip is unpacked as in a run; of a larger one the first file is unpacked as
it streams in, and what else the zip holds is for the run to find out.
"""

import asyncio
import struct
import zipfile
import zlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from services.fetcher.adapters.unpacking import ENCRYPTED, ZIP_MARKS, check_member_name, corrupt, unpacked
from shared.errors import UserError

_SMALL_ZIP = 4 << 20
_LONGEST_MARK = 4
_LOCAL_HEADER = struct.Struct("<4s2xHH8xI4xHH")
_PIECE = 256 * 1024
_RAW_DEFLATE = -zlib.MAX_WBITS


async def beginning_of(blocks: AsyncIterator[bytes], most: int, *, most_ratio: int) -> tuple[bytes, bool]:
    """Return at most so many bytes of a file's content, unpacked, and whether that is all of it.

    UserError as `unpacked`, for what shows in the part that was read.
    """
    held = bytearray()
    ended = True
    async for block in blocks:
        held += block
        if len(held) >= _LONGEST_MARK and not (held.startswith(ZIP_MARKS) and len(held) <= _SMALL_ZIP):
            ended = False
            break
    whole = _rejoined(bytes(held), blocks, ended=ended)
    streams = held.startswith(ZIP_MARKS) and not ended
    content = _first_member(whole) if streams else unpacked(whole, most_ratio=most_ratio)
    taken = bytearray()
    async with aclosing(content) as pieces:
        async for piece in pieces:
            taken += piece
            if len(taken) > most:
                return bytes(taken[:most]), False
    return bytes(taken), True


async def _rejoined(head: bytes, rest: AsyncIterator[bytes], *, ended: bool) -> AsyncIterator[bytes]:
    if head:
        yield head
    if not ended:
        async for block in rest:
            yield block


class _Stream:
    """Bytes taken from blocks as they are wanted."""

    def __init__(self, blocks: AsyncIterator[bytes]) -> None:
        self._blocks = blocks
        self._held = b""

    async def some(self) -> bytes:
        """Return the next bytes, empty at the end."""
        if self._held:
            held, self._held = self._held, b""
            return held
        return await anext(self._blocks, b"")

    async def exactly(self, count: int) -> bytes:
        """Return so many bytes; UserError `archive_truncated`."""
        while len(self._held) < count:
            block = await anext(self._blocks, b"")
            if not block:
                raise _truncated()
            self._held += block
        taken, self._held = self._held[:count], self._held[count:]
        return taken


async def _first_member(blocks: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """Yield the content of a zip's first file as it comes."""
    stream = _Stream(blocks)
    while True:
        mark, flags, method, packed, name_length, extra_length = _LOCAL_HEADER.unpack(
            await stream.exactly(_LOCAL_HEADER.size)
        )
        if mark != ZIP_MARKS[0]:
            raise corrupt()
        name = (await stream.exactly(name_length)).decode("utf-8" if flags & 0x800 else "cp437", "replace")
        await stream.exactly(extra_length)
        if not name.endswith("/"):
            break
        await stream.exactly(packed)
    check_member_name(name)
    if flags & ENCRYPTED:
        raise UserError("archive_encrypted", "The .zip file is encrypted; send it without a password.")
    if method == zipfile.ZIP_STORED and packed:
        while packed and (piece := await stream.exactly(min(packed, _PIECE))):
            packed -= len(piece)
            yield piece
    elif method == zipfile.ZIP_DEFLATED:
        async for piece in _inflated(stream):
            yield piece
    else:
        raise UserError(
            "preview_of_archive", "A large .zip file packed in this way can only be read whole: there is no preview."
        )


async def _inflated(stream: _Stream) -> AsyncIterator[bytes]:
    member = zlib.decompressobj(_RAW_DEFLATE)
    while not member.eof:
        waiting = member.unconsumed_tail or await stream.some()
        if not waiting:
            raise _truncated()
        try:
            piece = await asyncio.to_thread(member.decompress, waiting, _PIECE)
        except zlib.error as error:
            raise corrupt() from error
        if piece:
            yield piece


def _truncated() -> UserError:
    return UserError("archive_truncated", "The .zip file ends before its content does; send it again.")
