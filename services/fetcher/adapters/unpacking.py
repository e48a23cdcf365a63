"""Unpacks `.gz` and `.zip` as they stream in, told by their first bytes; anything else passes as it is.

Content that is far larger than its archive is taken for a bomb (`BombLimit`). Nothing is ever written under the name
of an archive's member; one whose name would lead out of a folder is refused all the same, since whoever made it means
harm. A zip's directory stands at its end, so a zip is put by in a file without a name first; it is gone with the
process.
"""

import asyncio
import lzma
import tempfile
import zipfile
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from pathlib import PureWindowsPath
from typing import IO

from shared.errors import TransientError, UserError

_GZIP_MARK = b"\x1f\x8b"
ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
_LONGEST_MARK = 4
_GZIP_WINDOW = 31
_PIECE = 256 * 1024
ENCRYPTED = 0x1
_ALWAYS_FINE = 64 << 20
"""Content of up to so many bytes is no bomb, however small its archive."""


class BombLimit:
    """Compares what an archive unpacks to with what it is."""

    def __init__(self, most_ratio: int) -> None:
        self._most_ratio = most_ratio
        self._packed = 0
        self._unpacked = 0

    async def packed(self, blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Count what comes in."""
        async for block in blocks:
            self._packed += len(block)
            yield block

    async def unpacked(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Count what comes out; UserError `archive_bomb`."""
        async for piece in pieces:
            self._unpacked += len(piece)
            if self._unpacked > max(_ALWAYS_FINE, self._most_ratio * self._packed):
                raise UserError(
                    "archive_bomb",
                    f"The archive unpacks to more than {self._most_ratio:,} times its size, which no list of contacts "
                    "does. Nothing was imported; send the file unpacked if it is what you meant to send.",
                )
            yield piece


async def unpacked(blocks: AsyncIterator[bytes], *, most_ratio: int) -> AsyncGenerator[bytes]:
    """Yield a file's content, unpacked where it is an archive of one file, in bounded pieces.

    UserError `archive_truncated`, `archive_corrupt`, `archive_encrypted`, `archive_not_one_file`,
    `archive_name_unsafe` or `archive_bomb`.
    """
    limit = BombLimit(most_ratio)
    blocks = limit.packed(blocks)
    head = b""
    async for block in blocks:
        head += block
        if len(head) >= _LONGEST_MARK:
            break
    whole = _rejoined(head, blocks)
    if head.startswith(_GZIP_MARK):
        content = limit.unpacked(_gunzipped(whole))
    elif head.startswith(ZIP_MARKS):
        content = limit.unpacked(_unzipped(whole))
    else:
        content = whole
    async for piece in content:
        yield piece


async def _rejoined(head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if head:
        yield head
    async for block in rest:
        yield block


async def _gunzipped(blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the content of one gzip member after another; what follows the last one and is none is ignored."""
    member = zlib.decompressobj(_GZIP_WINDOW)
    waiting = b""
    async for block in blocks:
        waiting += block
        while waiting:
            if member.eof:
                if len(waiting) < len(_GZIP_MARK):
                    break
                if not waiting.startswith(_GZIP_MARK):
                    return
                member = zlib.decompressobj(_GZIP_WINDOW)
            try:
                piece = await asyncio.to_thread(member.decompress, waiting, _PIECE)
            except zlib.error as error:
                raise corrupt() from error
            waiting = member.unused_data if member.eof else member.unconsumed_tail
            if piece:
                yield piece
    if not member.eof:
        raise UserError("archive_truncated", "The .gz file ends before its content does; send it again.")


async def _unzipped(blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    with tempfile.TemporaryFile(prefix="contacts-sync-") as spool:
        async for block in blocks:
            try:
                await asyncio.to_thread(spool.write, block)
            except OSError as error:
                raise TransientError("spool_failed", "There is no room to unpack the .zip file just now.") from error
        try:
            pieces = await asyncio.to_thread(_only_member, spool)
            while piece := await asyncio.to_thread(next, pieces, b""):
                yield piece
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError) as error:
            raise corrupt() from error


def _only_member(spool: IO[bytes]) -> Iterator[bytes]:
    """Return the pieces of a zip's one file; its checksum is verified when the last one is read."""
    archive = zipfile.ZipFile(spool)
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) != 1:
        raise UserError("archive_not_one_file", f"The .zip file holds {len(members)} files; put exactly one into it.")
    check_member_name(members[0].filename)
    if members[0].flag_bits & ENCRYPTED:
        raise UserError("archive_encrypted", "The .zip file is encrypted; send it without a password.")
    file = archive.open(members[0])
    return iter(lambda: file.read(_PIECE), b"")


def check_member_name(name: str) -> None:
    """Refuse a name that leads out of a folder; UserError `archive_name_unsafe`."""
    path = PureWindowsPath(name)  # takes both kinds of slash
    if path.anchor or ".." in path.parts:
        raise UserError("archive_name_unsafe", "The .zip file's content has a name that leads out of its folder.")


def corrupt() -> UserError:
    """Return the error for an archive that cannot be unpacked."""
    return UserError("archive_corrupt", "The archive is damaged; pack and send it again.")
