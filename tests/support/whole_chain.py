"""A file's bytes through all that reads them: turned into text, cut at every record, and read again in parts."""

from services.fetcher.domain.cutting import ChunkCutter
from shared.errors import UserError
from shared.rules.dialect import Dialect
from shared.rules.file_text import TextDecoder
from shared.rules.records import read_records


def read_whole(data: bytes, dialect: Dialect, *, chunk_bytes: int = 1) -> list[list[str]] | str:
    """Return the records that are not blank lines or comments; the code of the error where the file fails."""
    decoder = TextDecoder(dialect.encoding)
    text = decoder.feed(data) + decoder.finish()
    cutter = ChunkCutter(dialect, encoding=decoder.encoding, chunk_bytes=chunk_bytes)
    try:
        chunks = cutter.feed(text) + cutter.finish()
    except UserError as error:
        return error.code
    return [
        record.cells
        for chunk in chunks
        for record in read_records(
            text[chunk.offset : chunk.offset + chunk.length],
            dialect,
            encoding=decoder.encoding,
            first_line=chunk.first_line,
            skip_lines=dialect.skip_lines if chunk.index == 0 else 0,
        )
        if record.cells
    ]
