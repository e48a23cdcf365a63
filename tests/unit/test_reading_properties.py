"""For any text, dialect, encoding and chunk size the chunks' records are those of the whole, lines included."""

import csv
import re

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from services.fetcher.domain.cutting import ChunkCutter
from shared.errors import UserError
from shared.rules.charset import single_byte_table
from shared.rules.dialect import Dialect, validate_dialect
from shared.rules.file_text import TextDecoder
from shared.rules.records import Record, read_records
from tests.support.examples import MANY
from tests.support.reference_reader import Line, read_reference

many = settings(max_examples=MANY, suppress_health_check=list(HealthCheck))

SIGN = st.sampled_from("ab,;|\t \"'\r\n\u2028\u0085\ufeffé表ソ中\\")
TEXT = st.lists(
    SIGN | st.characters(codec="utf-8") | st.sampled_from(["\r\n", '""', '","', "\n\n", "||"]), max_size=60
).map("".join)
DELIMITER = st.sampled_from([",", ";", "|", "\t", " ", "é", "表", "\\"]) | st.characters(
    codec="utf-8", exclude_characters="\r\n\0\"'`#"
)
QUOTE = st.sampled_from('"""\'`')
LONG = st.sampled_from(["||", "<|>", "表表", ",,", "a|b", "12345678"])


def encoded(text: str, encoding: str = "utf-8") -> bytes:
    """Return a file of this text: a mark goes before one that is data, as a file's first one is none of it."""
    needs_mark = text.startswith("\ufeff") and encoding in {"utf-8", "utf-16-be"}
    return ("\ufeff" * needs_mark + text).encode(encoding)


def read_in_chunks(data: bytes, dialect: Dialect, chunk_bytes: int, feed: int) -> tuple[list[Record], int, int]:
    """Return the records read chunk by chunk, the bytes of the chunks, and those of the text."""
    decoder = TextDecoder(dialect.encoding)
    text = decoder.feed(data) + decoder.finish()
    cutter = ChunkCutter(dialect, encoding=decoder.encoding, chunk_bytes=chunk_bytes, block_bytes=chunk_bytes // 2 + 1)
    chunks = [chunk for start in range(0, len(text), feed) for chunk in cutter.feed(text[start : start + feed])]
    chunks += cutter.finish()
    records: list[Record] = []
    for chunk in chunks:
        offset = chunk.offset
        for length, line in chunk.blocks or ((chunk.length, chunk.first_line),):
            part = text[offset : offset + length]
            skipped = dialect.skip_lines if offset == 0 else 0
            records += read_records(part, dialect, encoding=decoder.encoding, first_line=line, skip_lines=skipped)
            offset += length
    return records, sum(chunk.length for chunk in chunks), len(text)


def closed(text: str, dialect: Dialect) -> bool:
    """Tell whether every quote is closed: an end of line added at the end of such a text is one."""
    records = read_reference(
        text + "\n", dialect.delimiter, dialect.quote, comment=dialect.comment, skip_lines=dialect.skip_lines
    )
    return bool(text) and not (records and records[-1].cells and records[-1].cells[-1].endswith("\n"))


@many
@given(TEXT, DELIMITER, QUOTE, st.integers(1, 40), st.integers(1, 30))
def test_chunks_are_the_whole_as_csv_reads_it(
    text: str, delimiter: str, quote: str, chunk_bytes: int, feed: int
) -> None:
    assume(text)
    dialect = Dialect(delimiter, quote)
    validate_dialect(dialect)
    try:
        records, parsed, stored = read_in_chunks(encoded(text), dialect, chunk_bytes, feed)
    except UserError as error:
        assert error.code == "quote_unclosed"  # noqa: PT017 - the only error that a text may lead to
        assert not closed(text, dialect)
        return
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)
    reader = csv.reader(lines, delimiter=delimiter, quotechar=quote)
    expected, line = [], 1
    for cells in reader:
        expected.append((line, cells))
        line = reader.line_num + 1
    assert [(record.line, record.cells) for record in records] == expected
    assert parsed == stored


@many
@given(
    TEXT,
    st.builds(
        Dialect,
        DELIMITER | LONG,
        QUOTE,
        comment=st.sampled_from([None, None, "#", ";"]),
        skip_lines=st.sampled_from([0, 0, 1, 3]),
    ).filter(lambda dialect: dialect.comment is None or not dialect.delimiter.startswith(dialect.comment)),
    st.integers(1, 40),
    st.integers(1, 30),
)
def test_chunks_are_the_whole_as_the_reference_reads_it(
    text: str, dialect: Dialect, chunk_bytes: int, feed: int
) -> None:
    assume(text)
    validate_dialect(dialect)
    try:
        records, _, _ = read_in_chunks(encoded(text), dialect, chunk_bytes, feed)
    except UserError:
        assert not closed(text, dialect)
        return
    assert [Line(record.line, record.cells, record.is_passed_over) for record in records] == read_reference(
        text, dialect.delimiter, dialect.quote, comment=dialect.comment, skip_lines=dialect.skip_lines
    )


ENCODINGS = ["shift_jis", "cp932", "gb18030", "big5", "euc_jp", "utf-16", "utf-16-be", "utf-32", "cp1252", "mac_roman"]


@many
@given(TEXT, st.sampled_from(ENCODINGS), st.sampled_from(["|", "\\", ",", "||"]), st.integers(1, 40))
def test_every_encoding(text: str, encoding: str, delimiter: str, chunk_bytes: int) -> None:
    """Trail bytes of Shift-JIS and GB18030 look like a pipe or a backslash, and are none."""
    text = text.encode(encoding, "ignore").decode(encoding)
    # With its mark, UTF-16 that begins with U+0000 is UTF-32 by its first bytes, and is said to be.
    assume(text and not (encoding == "utf-16" and text.startswith("\0")))
    data = encoded(text, encoding)
    try:
        records, parsed, stored = read_in_chunks(data, Dialect(delimiter, encoding=encoding), chunk_bytes, 7)
    except UserError as error:
        assert error.code in {"quote_unclosed", "file_empty"}  # noqa: PT017 - the only errors that a text may lead to
        return
    assert [Line(record.line, record.cells) for record in records] == read_reference(text, delimiter)
    assert parsed == stored


PIECE = st.sampled_from([b"a", b",", b"\n", b'"', b"\r", "é".encode(), b"\xff", b"\xc3", b"\xed\xa0\x80", b"\0"])


@many
@given(st.lists(PIECE, min_size=1, max_size=40).map(b"".join), st.sampled_from(["utf-8", "cp1252", "cp037"]))
def test_bad_bytes(data: bytes, encoding: str) -> None:
    try:
        records, parsed, stored = read_in_chunks(data, Dialect(encoding=encoding), 5, 3)
    except UserError as error:
        assert error.code in {"quote_unclosed", "file_empty"}  # noqa: PT017 - the only errors that bytes may lead to
        return
    table = single_byte_table(encoding) if encoding != "utf-8" else None
    text = data.decode("utf-8", "surrogateescape") if table is None else "".join(table[byte] for byte in data)
    assert [Line(record.line, record.cells) for record in records] == read_reference(text, ",")
    for record in records:
        bad = {place for place, cell in enumerate(record.cells) if re.search("[\0\udc00-\udcff]", cell)}
        assert record.bad_cells == bad
    assert parsed == stored


@pytest.mark.parametrize("encoding", ["shift_jis", "gb18030"])
def test_trail_bytes_that_look_like_delimiters(encoding: str) -> None:
    text = (
        "表|ソ\n"
        if encoding == "shift_jis"
        else bytes([0x81, 0x7C]).decode("gb18030") + "|" + bytes([0x81, 0x5C]).decode("gb18030") + "\n"
    )
    data = text.encode(encoding)
    assert data.count(b"|") + data.count(b"\\") > 1
    records, _, _ = read_in_chunks(data, Dialect("|", encoding=encoding), 100, 1)
    assert [record.cells for record in records] == [text.strip().split("|")]
