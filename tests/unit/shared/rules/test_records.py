import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.rules.dialect import Dialect
from shared.rules.records import long_delimiter_rows, read_records


def read(
    data: bytes, delimiter: str = ",", encoding: str = "utf-8", first_line: int = 1
) -> list[tuple[int, list[str]]]:
    dialect = Dialect(delimiter)
    return [(r.line, r.cells) for r in read_records(data, dialect, encoding=encoding, first_line=first_line)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"a,b", [(1, ["a", "b"])]),
        (b"a,b\n", [(1, ["a", "b"])]),
        (b"a\r\nb\rc\nd", [(1, ["a"]), (2, ["b"]), (3, ["c"]), (4, ["d"])]),
        (b"\n\r\n\ra", [(1, []), (2, []), (3, []), (4, ["a"])]),
        (b'"a\r\nb\rc\nd",e\nf', [(1, ["a\r\nb\rc\nd", "e"]), (5, ["f"])]),
        (b'"a""b",""', [(1, ['a"b', ""])]),
        (b'a"b",c"', [(1, ['a"b"', 'c"'])]),
        (b'"a"b"c",d', [(1, ['ab"c"', "d"])]),
        (b'"a" ,b\n "c",d', [(1, ["a ", "b"]), (2, [' "c"', "d"])]),
        (b"a,\n,", [(1, ["a", ""]), (2, ["", ""])]),
        ("a\u2028b\x0bc\x0cd\x85e\x1cf\n".encode(), [(1, ["a\u2028b\x0bc\x0cd\x85e\x1cf"])]),
        (b'a,"open\nend', [(1, ["a", "open\nend"])]),
    ],
)
@pytest.mark.parametrize("delimiter", [",", "||", "é", "éé→"])
def test_grammar(data: bytes, expected: list[tuple[int, list[str]]], delimiter: str) -> None:
    assert read(data.replace(b",", delimiter.encode()), delimiter) == expected


def test_first_line_is_counted_from() -> None:
    assert read(b"\na", first_line=7) == [(7, []), (8, ["a"])]


def test_the_leftmost_delimiter_counts() -> None:
    assert read(b"aaa", "aa") == [(1, ["", "a"])]
    assert read(b'"x"aab', "ab") == [(1, ["xa", ""])]


def test_a_cell_larger_than_the_limit_of_csv() -> None:
    assert read(b"x" * 200_000) == [(1, ["x" * 200_000])]


def test_bad_bytes_are_seen_and_the_file_goes_on() -> None:
    records = list(read_records(b"a,\xff,b\0\nc,d\n\xed\xa0\x80", Dialect(), encoding="utf-8", first_line=1))
    assert [record.bad_cells for record in records] == [{1, 2}, set(), {0}]
    assert records[1].cells == ["c", "d"]


def test_nul_is_bad() -> None:
    (record,) = read_records(b"a,\0", Dialect(), encoding="utf-8", first_line=1)
    assert record.bad_cells == {1}


def test_single_byte_encodings() -> None:
    assert read(b"M\xfcller,\x80", encoding="cp1252") == [(1, ["Müller", "€"])]
    (record,) = read_records(b"\x81,a", Dialect(), encoding="cp1252", first_line=1)
    assert record.bad_cells == {0}
    assert read('a,"b\n"\nc'.encode("cp037"), encoding="cp037") == [(1, ["a", "b\n"]), (3, ["c"])]
    (record,) = read_records(b"\x70", Dialect(), encoding="cp424", first_line=1)
    assert record.bad_cells == {0}


TEXT = st.lists(st.sampled_from(["a", "b", ",", '"', '"', "\r", "\n", "\r\n", " ", "é", "\0", "\u2028"])).map("".join)


@given(TEXT)
def test_equals_csv_fed_with_physical_lines(text: str) -> None:
    lines = [line for line in re.split(r"(?<=\n)|(?<=\r)(?!\n)", text) if line]
    reader = csv.reader(lines)
    expected = []
    line = 1
    for cells in reader:
        expected.append((line, cells))
        line = reader.line_num + 1
    assert read(text.encode()) == expected


@given(TEXT)
def test_the_reader_for_long_delimiters_reads_short_ones_as_csv_does(text: str) -> None:
    rows = long_delimiter_rows(io.StringIO(text, newline=""), Dialect(), 1)
    assert list(rows) == read(text.encode())


@given(TEXT)
def test_a_long_delimiter_in_the_place_of_a_short_one_changes_nothing(text: str) -> None:
    expected = [(line, [cell.replace(",", "<|>") for cell in cells]) for line, cells in read(text.encode())]
    assert read(text.replace(",", "<|>").encode(), "<|>") == expected


@pytest.mark.parametrize("delimiter", [",", "||"])
def test_comments_and_lines_to_skip_are_passed_over_and_counted(delimiter: str) -> None:
    dialect = Dialect(delimiter, skip_lines=2, comment="#")
    text = 'Report "\n\r\n#"x\na,"b\n#c"\n #d\n\n#'.replace(",", delimiter)
    records = read_records(text.encode(), dialect, encoding="utf-8", first_line=1, skip_lines=2)
    assert [(record.line, record.cells, record.is_passed_over) for record in records] == [
        (1, [], True),
        (2, [], True),
        (3, [], True),
        (4, ["a", "b\n#c"], False),
        (6, [" #d"], False),
        (7, [], False),
        (8, [], True),
    ]
