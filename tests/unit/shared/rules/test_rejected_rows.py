import pytest

from shared.rules.charset import encode_escaped
from shared.rules.dialect import Dialect
from shared.rules.header import Head, read_head
from shared.rules.records import read_records
from shared.rules.rejected_notes import EMPTIED
from shared.rules.rejected_rows import RejectedLayout

LAYOUT = RejectedLayout(Dialect(), 3, frozenset({1}))


def test_the_header_and_a_row_stay_verbatim_but_for_passwords() -> None:
    assert LAYOUT.header('No, "x",Mail\r\n') == 'No, "x",Mail,Line,"Reason"\r\n'
    assert (
        LAYOUT.row('1,secret,"a ""b"""', 7, ["No address.", 'Say "x".']) == '1,,"a ""b""",7,"No address. Say ""x""."\n'
    )


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("1,se,cret,m\n", '1,,,m,7,"r"\n'),
        ("1,x,se,cret,m\n", '1,,,,m,7,"r"\n'),
        ("1 secret,m\n", ',,7,"r"\n'),
        ("1,secret\n", ',,7,"r"\n'),
        ("1\n", ',7,"r"\n'),
    ],
)
def test_where_a_row_has_lost_its_shape_a_password_may_be_in_several_places(row: str, expected: str) -> None:
    assert LAYOUT.row(row, 7, ["r"]) == expected


def test_empty_cells_beyond_the_header_go_so_that_line_and_reason_stand_in_their_columns() -> None:
    assert LAYOUT.row("1,,m,, \n", 7, ["r"]) == '1,,m,7,"r"\n'


def test_a_mended_row_of_the_wrong_width_is_still_of_the_wrong_width() -> None:
    width = LAYOUT.header("No,Password,Mail\n").count(",")
    assert LAYOUT.row("1,x\n", 7, ["r"]).count(",") < width
    assert LAYOUT.row("1,x,m,n\n", 7, ["r"]).count(",") > width


@pytest.mark.parametrize("cell", ["=1+1", "+49", "-1", "@x", '"=A1"', '"\tx"'])
def test_formulas_are_escaped_for_spreadsheets_only(cell: str) -> None:
    spreadsheet = RejectedLayout(Dialect(), 2, frozenset(), for_spreadsheet=True)
    value = cell.strip('"')
    assert spreadsheet.row(f"1,{cell}\n", 7, ["r"]) == f'1,"\'{value}",7,"r"\n'
    assert f",{cell}," in RejectedLayout(Dialect(), 2, frozenset()).row(f"1,{cell}\n", 7, ["r"])


def test_what_is_shown_of_a_row_has_no_password() -> None:
    assert LAYOUT.shown("1,secret,m\r\n") == "1,••••,m"
    assert LAYOUT.shown('1,"a,b\n""secret",m\n') == "1,••••,m"
    assert LAYOUT.shown("1,se,cret,m\n") == "1,••••,••••,m"
    assert LAYOUT.shown("cret,m\n") == "••••,••••"


def test_what_is_shown_of_a_long_row_is_cut() -> None:
    assert LAYOUT.shown(f"1,secret,{'m' * 5_000}") == f"1,••••,{'m' * 993}…"


MERGED = '2,"Bob,b@x,pw-two,x\n3,Carl,c@x,pw-three,y\n7,Gina",nobody,pw-seven,z\n'


def test_passwords_of_rows_that_a_stray_quote_has_merged_are_not_shown() -> None:
    layout = RejectedLayout(Dialect(), 5, frozenset({3}))
    assert layout.shown(MERGED) == "2,••••,nobody,••••,z"
    assert layout.shown('2,"Bob,b@b.de,s3-two",g@b.de,s3-7,y') == "2,••••,g@b.de,••••,y"
    assert layout.shown('2,"Bob,b@b.de,s3-two",g@b.de,y') == "2,••••,••••,••••"


def test_a_row_with_an_emptied_cell_is_rejected_again_until_it_is_filled_in() -> None:
    layout = RejectedLayout(Dialect(), 5, frozenset({3}))
    assert layout.row(MERGED, 7, ["r"]) == f'2,,nobody,,z,7,"r","{EMPTIED}"\n'
    assert layout.row('2,"Miller, Ann",nobody,pw,z\n', 7, ["r"]) == '2,"Miller, Ann",nobody,,z,7,"r"\n'


def test_formulas_in_skipped_lines_are_escaped_for_spreadsheets_only() -> None:
    lines = 'Members,=HYPERLINK("x")\r\n\n"=1+1"\n'
    assert RejectedLayout(Dialect(), 2, frozenset()).skipped(lines) == lines
    spreadsheet = RejectedLayout(Dialect(), 2, frozenset(), for_spreadsheet=True)
    assert spreadsheet.skipped(lines) == 'Members,"\'=HYPERLINK(""x"")"\r\n\n"\'=1+1"\n'


@pytest.mark.parametrize(
    ("dialect", "record", "cells"),
    [
        (Dialect(delimiter="||"), "x||y|\n", ["x", "y|", "21", "r"]),
        (Dialect(delimiter="1"), "x1y\n", ["x", "y", "21", "r"]),
        (Dialect(quote="2"), "x,y\n", ["x", "y", "21", "r"]),
        (Dialect(delimiter="L"), "xLy\n", ["x", "y", "21", "r"]),
        (Dialect(delimiter="||", has_header=False), "x||y|\n", ["x", "y|", "Line 21", "Reason: r"]),
        (Dialect(delimiter="||"), 'x||"y"|\n', ["x", "y|", "21", "r"]),
    ],
)
def test_what_is_written_reads_back_whatever_the_signs(dialect: Dialect, record: str, cells: list[str]) -> None:
    written = RejectedLayout(dialect, 2, frozenset()).row(record, 21, ["r"]).encode()
    (read,) = read_records(written, dialect, encoding="utf-8", first_line=1)
    assert read.cells == cells


def test_a_stray_byte_at_a_rows_end_does_not_take_the_delimiter_behind_it() -> None:
    dialect = Dialect(delimiter="|")
    written = RejectedLayout(dialect, 2, frozenset()).row("1|x\udc81\n", 21, ["r"])
    text = encode_escaped(written, "gb18030").decode("gb18030", "charset-escape")
    (read,) = read_records(text.encode("utf-8", "surrogateescape"), dialect, encoding="utf-8", first_line=1)
    assert read.cells == ["1", "x\udc81", "21", "r"]


def test_an_open_quote_takes_no_line_end_along() -> None:
    lines = RejectedLayout(Dialect(skip_lines=1), 2, frozenset(), for_spreadsheet=True).skipped('"-- exported\n')
    assert lines == '"\'-- exported"\n'
    assert LAYOUT.shown('1,secret,"Miller, Ann\n') == '1,••••,"Miller, Ann'
    assert LAYOUT.row('1,secret,"Miller, Ann\n', 7, ["r"]) == '1,,"Miller, Ann,7,"r"\n'


def test_blank_cells_too_many_stay_where_they_have_the_row_rejected() -> None:
    kept = RejectedLayout(Dialect(), 2, frozenset(), trim=False)
    assert kept.row("1,x, \n", 21, ["r"]) == '1,x, ,21,"r"\n'
    assert kept.row("1,x,\n", 21, ["r"]) == RejectedLayout(Dialect(), 2, frozenset()).row("1,x, \n", 21, ["r"])


HEADLESS = Dialect(has_header=False)


def head_of(written: str) -> Head:
    return read_head(written.encode(), HEADLESS, encoding="utf-8")


def test_without_a_header_the_parser_knows_line_and_reason_as_such() -> None:
    written = RejectedLayout(HEADLESS, 2, frozenset()).row("x,y\n", 21, ["r"])
    assert (head_of(written).names, head_of(written).width) == (["1", "2"], 4)
    assert head_of("x,y,21,r\n").names == ["1", "2", "3", "4"]


def test_an_emptied_row_that_comes_first_sets_no_other_width_and_stays_rejected() -> None:
    layout = RejectedLayout(HEADLESS, 3, frozenset({2}))
    written = layout.row('7,"Ann,x,secret\n8,Bo,geheim",pw\n', 7, ["bad"])
    assert written == f'7,,,Line 7,"Reason: bad","{EMPTIED}"\n'
    assert (head_of(written).names, head_of(written).width) == (["1", "2", "3"], 5)
    assert layout.row(written, 1, ["worse"]) == f'7,,,Line 1,"Reason: worse","{EMPTIED}"\n', "nobody has seen to it"
    mended = written.replace(f',"{EMPTIED}"', "").replace("7,,", "7,Ann,")
    assert layout.row(mended, 1, ["worse"]) == '7,Ann,,Line 1,"Reason: worse"\n'
