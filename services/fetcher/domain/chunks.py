"""Chunks, and the blocks that tile them: byte ranges of whole records."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chunk:
    """A byte range of the file that holds whole records, and the physical line, from 1, it begins on.

    `blocks` are the parts that tile it, each of whole records too: length in bytes, and line; none where it is one.
    """

    index: int
    offset: int
    length: int
    first_line: int
    blocks: tuple[tuple[int, int], ...] = ()


class ChunkList:
    """The chunks of a file whose records end one after the other; offsets are of the file."""

    def __init__(self, *, chunk_bytes: int, block_bytes: int) -> None:
        self._chunk_bytes = chunk_bytes
        self._block_bytes = block_bytes
        self._count = 0
        self._offset = 0  # of the chunk that is not at its end
        self._line = 1
        self._block_offset = 0
        self._block_line = 1
        self._blocks: list[tuple[int, int]] = []
        self._ended: list[Chunk] = []

    @property
    def due(self) -> int:
        """Return where the next block or chunk may end at the earliest."""
        return min(self._offset + self._chunk_bytes, self._block_offset + self._block_bytes)

    def end_block(self, end: int, next_line: int, *, at_end: bool = False) -> None:
        """End a block at a record's end, and the chunk where that is long enough or the file ends."""
        if end > self._block_offset:
            self._blocks.append((end - self._block_offset, self._block_line))
            self._block_offset, self._block_line = end, next_line
        if end > self._offset and (at_end or end >= self._offset + self._chunk_bytes):
            blocks = tuple(self._blocks) if len(self._blocks) > 1 else ()
            self._ended.append(Chunk(self._count, self._offset, end - self._offset, self._line, blocks))
            self._count += 1
            self._offset, self._line = end, next_line
            self._blocks.clear()

    def take(self) -> list[Chunk]:
        """Return the chunks that have ended since the last call."""
        ended, self._ended = self._ended, []
        return ended
