"""Stores a file as it streams past: hashed, turned into text, cut into chunks, sealed."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from uuid import UUID

from services.fetcher.adapters.read_ahead import ahead, gathered
from services.fetcher.domain.chunks import Chunk
from services.fetcher.domain.cutting import ChunkCutter
from shared.errors import PermanentError, UserError
from shared.events.files import ChunkRange, StoredFile
from shared.events.set_up import ParseRules
from shared.objects.store import SealedObjects
from shared.rules.file_text import TextDecoder

TEXT_VERSION = 2
"""Raise it with any change to how bytes become text: the same file in the same encoding is stored once."""
_BLOCK = 2 << 20
"""Clear bytes that take one turn through the threads."""


@dataclass
class _Passage:
    """What becomes of the blocks on their way; hashing and cutting are work for the CPU, in two threads."""

    rules: ParseRules
    chunk_bytes: int
    max_bytes: int
    decoder: TextDecoder = field(init=False)
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    cutter: ChunkCutter | None = None
    chunks: list[ChunkRange] = field(default_factory=list)
    size: int = 0
    hashed: int = 0
    lines: int = 0

    def __post_init__(self) -> None:
        self.decoder = TextDecoder(self.rules.encoding)

    async def text(self, blocks: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
        """Yield the text of the blocks; UserError `file_too_large` and those of `ChunkCutter` and `TextDecoder`."""
        async for block in blocks:
            self.size += len(block)
            if self.size > self.max_bytes:
                raise UserError(
                    "file_too_large", f"The file is larger than {self.max_bytes:,} bytes, the limit of this system."
                )
            hashed = asyncio.to_thread(self._hash, block)
            _, text = await asyncio.gather(hashed, asyncio.to_thread(self._take, block))
            yield text
        yield await asyncio.to_thread(self._finish)

    def _hash(self, block: bytes) -> None:
        self.digest.update(block)
        self.hashed += len(block)

    def require_balance(self, written: int) -> None:
        """Raise PermanentError `file_does_not_balance` where a byte was not hashed, or is in no chunk."""
        in_chunks = sum(chunk.length for chunk in self.chunks)
        if self.hashed != self.size or in_chunks != written:
            raise PermanentError(
                "file_does_not_balance",
                f"Of {self.size} bytes {self.hashed} were hashed; of {written} of text {in_chunks} are in chunks.",
            )

    def _take(self, block: bytes) -> bytes:
        return self._cut(self.decoder.feed(block))

    def _finish(self) -> bytes:
        text = self._cut(self.decoder.finish())
        self._note(self._cutter().finish())
        self.lines = self._cutter().lines
        return text

    def _cut(self, text: bytes) -> bytes:
        if text:
            self._note(self._cutter().feed(text))
        return text

    def _cutter(self) -> ChunkCutter:
        if self.cutter is None:
            self.cutter = ChunkCutter(
                self.rules.dialect(), encoding=self.decoder.encoding, chunk_bytes=self.chunk_bytes
            )
        return self.cutter

    def _note(self, chunks: list[Chunk]) -> None:
        self.chunks += _ranges(chunks)


class TextStore:
    """Puts files into the object store under their hash."""

    def __init__(self, objects: SealedObjects, *, chunk_bytes: int, max_bytes: int, new_id: Callable[[], UUID]) -> None:
        self._objects = objects
        self._chunk_bytes = chunk_bytes
        self._max_bytes = max_bytes
        self._new_id = new_id

    async def store(
        self, blocks: AsyncIterator[bytes], rules: ParseRules, name: str
    ) -> tuple[StoredFile, list[ChunkRange]]:
        """Store a file from its blocks. Nothing is kept of one that fails.

        UserError `file_too_large`, `file_empty`, `quote_unclosed`, `record_too_large`, `encoding_contradicts_mark`.
        """
        passage = _Passage(rules, self._chunk_bytes, self._max_bytes)
        arriving = f"incoming/{self._new_id()}"
        async with (
            self._objects.write(arriving) as writer,
            aclosing(ahead(gathered(blocks, _BLOCK))) as coming,
            aclosing(ahead(passage.text(coming))) as texts,
        ):
            async for text in texts:
                await writer.write(text)
        text_bytes = writer.written
        passage.require_balance(text_bytes)
        sha256 = passage.digest.hexdigest()
        key = f"text/{sha256}-{passage.decoder.decoded_from}-{TEXT_VERSION}"
        await self._objects.keep_as(arriving, key)
        stored = StoredFile(
            object_key=key,
            name=name,
            sha256=sha256,
            bytes=passage.size,
            text_bytes=text_bytes,
            encoding=passage.decoder.encoding,
            written_in=passage.decoder.decoded_from,
            lines=passage.lines,
        )
        return stored, passage.chunks

    async def cut_again(self, stored: StoredFile, rules: ParseRules) -> list[ChunkRange]:
        """Return the chunks of a file that an earlier attempt stored: the same, since cutting is a pure function."""
        cutter = ChunkCutter(rules.dialect(), encoding=stored.encoding, chunk_bytes=self._chunk_bytes)
        chunks: list[Chunk] = []
        async for block in self._objects.stream(stored.object_key):
            chunks += await asyncio.to_thread(cutter.feed, block)
        return _ranges(chunks + cutter.finish())


def _ranges(chunks: list[Chunk]) -> list[ChunkRange]:
    return [
        ChunkRange(index=c.index, offset=c.offset, length=c.length, first_line=c.first_line, blocks=list(c.blocks))
        for c in chunks
    ]
