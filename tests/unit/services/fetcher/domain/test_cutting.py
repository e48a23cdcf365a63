import csv
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.fetcher.domain.chunks import Chunk
from services.fetcher.domain.cutting import ChunkCutter
from shared.errors import UserError
from shared.rules.charset import decode, single_byte_table
from shared.rules.dialect import Dialect
from shared.rules.records import Record, read_records

DIALECT = Dialect()


def cut(
    data: bytes, chunk_bytes: int, dialect: Dialect = DIALECT, encoding: str = "utf-8", feed: int = 1
) -> list[Chunk]:
    cutter = ChunkCutter(dialect, encoding=encoding, chunk_bytes=chunk_bytes)
    chunks = []
    for start in range(0, len(data), feed):
        chunks += cutter.feed(data[start : start + feed])
    return chunks + cutter.finish()


def read_chunks(data: bytes, chunks: list[Chunk], dialect: Dialect, encoding: str) -> list[Record]:
    return [
        record
        for chunk in chunks
        for record in read_records(
            data[chunk.offset : chunk.offset + chunk.length],
            dialect,
            encoding=encoding,
            first_line=chunk.first_line,
        )
    ]


def test_a_small_file_is_one_chunk() -> None:
    data = b"a,b\nc,d\n"
    assert cut(data, len(data)) == [Chunk(0, 0, 8, 1)]
    assert cut(data, 1000) == [Chunk(0, 0, 8, 1)]


def test_cuts_at_the_first_record_end_that_reaches_the_size() -> None:
    assert cut(b"a\nbb\n\nc", 3) == [Chunk(0, 0, 5, 1), Chunk(1, 5, 2, 3)]
    assert cut(b"a\nbb\n\nc", 1) == [
        Chunk(0, 0, 2, 1),
        Chunk(1, 2, 3, 2),
        Chunk(2, 5, 1, 3),
        Chunk(3, 6, 1, 4),
    ]


@pytest.mark.parametrize("feed", [1, 2, 3, 100])
def test_never_between_cr_and_lf(feed: int) -> None:
    assert cut(b"a\r\nb\rc\n", 2, feed=feed) == [Chunk(0, 0, 3, 1), Chunk(1, 3, 2, 2), Chunk(2, 5, 2, 3)]


@pytest.mark.parametrize("feed", [1, 2, 3, 100])
def test_never_inside_quotes(feed: int) -> None:
    data = b'"a\n""\r\n\r",b\nc\n'
    assert cut(data, 1, feed=feed) == [Chunk(0, 0, 12, 1), Chunk(1, 12, 2, 5)]


def test_a_quote_inside_of_a_cell_is_text() -> None:
    assert [chunk.length for chunk in cut(b'a"b\nc,5" x 3"\n"d"e"\nf\n', 1)] == [4, 10, 6, 2]


def test_a_long_delimiter_across_two_feeds_opens_a_cell() -> None:
    data = b'a||"b\nc"||d\ne\n'
    for feed in range(1, 8):
        assert [chunk.length for chunk in cut(data, 1, Dialect("||"), feed=feed)] == [12, 2]


def test_an_empty_file() -> None:
    with pytest.raises(UserError) as caught:
        cut(b"", 10)
    assert caught.value.code == "file_empty"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b'"', 1),
        (b'a\r\nb,"c\nd\n', 2),
        (b'"a\n"\n\n"b\n\n', 4),
        (b'a\n"b"",c\n', 2),
        (b'"a\n","b\n"",\n', 2),
    ],
)
@pytest.mark.parametrize("feed", [1, 2, 1000])
def test_a_quote_that_is_never_closed(data: bytes, line: int, feed: int) -> None:
    with pytest.raises(UserError, match=f"on line {line} ") as caught:
        cut(data, 1, feed=feed)
    assert caught.value.code == "quote_unclosed"


@pytest.mark.parametrize("data", [b'"a"', b'a\n""', b'a"', b'"a"b"'])
def test_quotes_that_are_closed_or_text_at_the_end(data: bytes) -> None:
    assert sum(chunk.length for chunk in cut(data, 1)) == len(data)


def test_the_size_of_a_record_is_bounded_also_in_quotes() -> None:
    mebibyte = b"x" * 2**20
    cutter = ChunkCutter(DIALECT, encoding="utf-8")
    cutter.feed(b'a\n\n"')
    for _ in range(64):
        cutter.feed(mebibyte[:-1])
    cutter.feed(b"x" * 63)  # with its quote a record of exactly 64 MiB
    with pytest.raises(UserError, match="on line 3 ") as caught:
        cutter.feed(b"x")
    assert caught.value.code == "record_too_large"


def test_a_record_of_just_the_greatest_size() -> None:
    record = b"x" * (64 * 2**20 - 1) + b"\n"
    assert [chunk.length for chunk in cut(record + b"y\n", 1, feed=len(record) + 2)] == [len(record), 2]
    with pytest.raises(UserError):
        cut(b"x" + record, 1, feed=len(record) + 1)


def test_a_delimiter_that_the_encoding_lacks() -> None:
    with pytest.raises(UserError) as caught:
        ChunkCutter(Dialect("→"), encoding="cp1252")
    assert caught.value.code == "delimiter_invalid"


DELIMITERS = st.sampled_from([",", ";", "\t", " ", "|", "^", "]", "\\", "||", "ab", "aab", "aa", "é", "§¦", "a→b"])


@st.composite
def files(draw: st.DrawFn, encoding: str) -> tuple[Dialect, bytes]:
    """A dialect, and bytes made of what matters in it, valid or not."""
    dialect = Dialect(draw(DELIMITERS))
    special = [*dialect.delimiter, dialect.delimiter, '"', '"', "\r", "\n", "\r\n", "a", "b", "é", ","]
    pieces = [text.encode(encoding, "ignore") for text in special]
    if encoding != "utf-8":
        table = single_byte_table(encoding)
        pieces += [bytes([byte]) for byte in range(256) if table[byte] in '",\r\n' + dialect.delimiter]
    pieces += [b"\xc3", b"\0", b'"', b",", b"\n"]
    return dialect, b"".join(draw(st.lists(st.sampled_from(pieces), min_size=1, max_size=40)))


def ends_in_quotes(text: str, dialect: Dialect) -> bool:
    """Ask csv: with one more line, a file that ends inside quotes has no more records than without."""
    plain = Dialect("\x01") if len(dialect.delimiter) > 1 else dialect
    text = text.replace(dialect.delimiter, plain.delimiter)
    closed = text if text.endswith(("\r", "\n")) else text + "\n"

    def count(lines: str) -> int:
        return len(list(csv.reader(io.StringIO(lines, newline=""), delimiter=plain.delimiter)))

    return count(closed + "x\n") == count(closed)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "cp037", "mac-arabic", "cp1026"])
@settings(max_examples=500)
@given(data=st.data(), chunk_bytes=st.integers(1, 12) | st.just(1000), feed=st.integers(1, 9) | st.just(1000))
def test_the_records_of_the_chunks_are_those_of_the_file(
    encoding: str, data: st.DataObject, chunk_bytes: int, feed: int
) -> None:
    dialect, file = data.draw(files(encoding))
    try:
        cutter = ChunkCutter(dialect, encoding=encoding)
    except UserError as error:
        assert error.code == "delimiter_invalid"  # noqa: PT017 - the encoding may lack it
        return
    del cutter
    try:
        chunks = cut(file, chunk_bytes, dialect, encoding, feed)
    except UserError as error:
        assert error.code == "quote_unclosed"  # noqa: PT017 - some of the files end in quotes
        assert ends_in_quotes(decode(file, encoding), dialect)
        return
    assert not ends_in_quotes(decode(file, encoding), dialect)
    whole = list(read_records(file, dialect, encoding=encoding, first_line=1))
    assert read_chunks(file, chunks, dialect, encoding) == whole
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert [chunk.offset for chunk in chunks] == [sum(c.length for c in chunks[:i]) for i in range(len(chunks))]
    assert sum(chunk.length for chunk in chunks) == len(file)
    assert all(chunk.length >= chunk_bytes for chunk in chunks[:-1])
    assert chunks == cut(file, chunk_bytes, dialect, encoding, len(file)), "it matters how the file is fed"


@given(
    data=st.data(),
    rows=st.lists(st.lists(st.text(alphabet='a,"\r\né', max_size=4), min_size=2, max_size=3), min_size=1),
)
def test_files_as_spreadsheets_write_them(data: st.DataObject, rows: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    line_end = data.draw(st.sampled_from(["\r", "\n", "\r\n"]))
    csv.writer(out, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows(rows)
    file = out.getvalue().encode()
    chunks = cut(file, data.draw(st.integers(1, 30)), feed=data.draw(st.integers(1, 30)))
    assert [record.cells for record in read_chunks(file, chunks, DIALECT, "utf-8")] == rows


def test_lines_to_skip_and_comments_are_no_records_whatever_quotes_they_hold() -> None:
    data = b'Report, "of\r\n"\n#,"x\na,"b\nc"\n#"\nd\n'
    dialect = Dialect(skip_lines=2, comment="#")
    for feed in range(1, 8):
        assert [chunk.length for chunk in cut(data, 1, dialect, feed=feed)] == [20, 8, 3, 2]


PIECES = st.lists(st.sampled_from(["a", ",", '"', "\n", "\r", "\r\n", "#", "é", ";;"]), max_size=40).map("".join)


@given(PIECES, st.integers(1, 9), st.integers(1, 5), st.integers(0, 2), st.sampled_from([None, "#"]))
def test_the_records_of_blocks_are_those_of_the_whole_with_comments_and_skipped_lines(
    text: str, chunk_bytes: int, block_bytes: int, skip: int, comment: str | None
) -> None:
    data, dialect = text.encode(), Dialect(";;" if ";;" in text else ",", skip_lines=skip, comment=comment)
    cutter = ChunkCutter(dialect, encoding="utf-8", chunk_bytes=chunk_bytes, block_bytes=block_bytes)
    try:
        chunks = cutter.feed(data) + cutter.finish()
    except UserError:
        return
    whole = list(read_records(data, dialect, encoding="utf-8", first_line=1, skip_lines=skip))
    parts: list[Record] = []
    for chunk in chunks:
        offset = chunk.offset
        for length, line in chunk.blocks or ((chunk.length, chunk.first_line),):
            part, skipped = data[offset : offset + length], skip if offset == 0 else 0
            parts += read_records(part, dialect, encoding="utf-8", first_line=line, skip_lines=skipped)
            offset += length
        assert offset == chunk.offset + chunk.length
    assert parts == whole
    assert sum(chunk.length for chunk in chunks) == len(data)
    assert cutter.lines == len(re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", text))
