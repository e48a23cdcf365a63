"""A preview shows what a run would read, within bounds, and no password."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import UserError
from shared.events.previews import HIDDEN
from shared.rules.kinds import Kind
from tests.support.looking import preview_of

SECRET = "c4nary"


def codes(content: bytes, **choices: Any) -> list[tuple[int | None, str]]:
    return [(problem.line, problem.code) for problem in preview_of(content, **choices).problems]


def test_rows_stand_without_header_and_blank_rows_and_as_they_are() -> None:
    shown = preview_of(b'\nNo,Name,No,\n\n 007 ,"Ann\nLee",1E5,\n,,,\n8,Bob,,\n')
    assert shown.columns == ["No", "Name", "No (2)", "Column 4"]
    assert shown.rows == [[" 007 ", "Ann\nLee", "1E5", ""], ["8", "Bob", "", ""]]
    assert shown.rows_seen == 2
    assert [(problem.code, problem.column) for problem in shown.problems] == [
        ("column_renamed", "No (2)"),
        ("column_renamed", "Column 4"),
    ]


def test_faults_of_rows_are_told_with_their_lines() -> None:
    assert codes(b"No,Name\n1\n2,Bob,x\n3,Eve,\n4,\xff\n5,a\0b\n", encoding="utf-8") == [
        (2, "too_few_cells"),
        (3, "too_many_cells"),
        (5, "undecodable"),
        (6, "nul_character"),
    ]


def test_a_header_that_is_no_text_is_a_problem_and_the_rest_is_shown() -> None:
    shown = preview_of(b"No,N\xffme\n1,Ann\n", encoding="utf-8")
    assert (shown.problems[0].severity, shown.problems[0].code) == ("error", "file_not_text")
    assert shown.columns[0] == "No"
    assert shown.rows == [["1", "Ann"]]


def test_an_open_quote_is_a_fault_at_the_end_of_the_file_only() -> None:
    text = b'No,Name\n1,Ann\n2,"open\n3,Eve\n'
    assert (3, "quote_unclosed") in codes(text)
    cut = preview_of(text, is_whole=False)
    assert cut.problems == []
    assert cut.rows == [["1", "Ann"]]
    assert (2, "quote_unclosed") not in codes(b'No,Name\n1,"Ann"')


def test_the_last_record_of_a_sample_may_be_cut() -> None:
    assert preview_of(b"No,Name\n1,Ann\n2,Bo", is_whole=False).rows == [["1", "Ann"]]
    assert preview_of(b"No,Name\n1,Ann\n2,Bo").rows == [["1", "Ann"], ["2", "Bo"]]


def test_nothing_but_blank_lines_is_refused() -> None:
    with pytest.raises(UserError) as caught:
        preview_of(b"\n , \n")
    assert caught.value.code == "file_has_no_rows"


FACTS = [
    (["a@example.com", "b@example.com"], [Kind.TEXT, Kind.EMAIL], []),
    (["+49 30 123456", "+1 212 555 1234"], [Kind.TEXT, Kind.PHONE], []),
    (["1", "2.5", "-3"], [Kind.TEXT, Kind.NUMBER], []),
    (["2026-12-31", "2025-01-02"], [Kind.TEXT, Kind.DATE], ["%Y-%m-%d"]),
    (["31.12.2026", "01.02.2025"], [Kind.TEXT, Kind.DATE], ["%d.%m.%Y"]),
    (["03/04/2026", "05/06/2026"], [Kind.TEXT, Kind.DATE], ["%d/%m/%Y", "%m/%d/%Y"]),
    (["03/04/2026", "25/06/2026"], [Kind.TEXT, Kind.DATE], ["%d/%m/%Y"]),
    (["3 May 2026", "14 Jun 2026"], [Kind.TEXT, Kind.DATE], ["%d %b %Y"]),
    (["Ann", "a@example.com"], [Kind.TEXT], []),
]


@pytest.mark.parametrize(("values", "kinds", "formats"), FACTS)
def test_facts_of_a_column(values: list[str], kinds: list[Kind], formats: list[str]) -> None:
    text = "Value;Other\n" + "".join(f"{value};x\n" for value in values)
    shown = preview_of(text.encode(), delimiter=";", has_header=True)
    column = shown.details[0]
    assert (column.kinds, column.date_formats, column.samples) == (kinds, formats, values)


def test_a_second_byte_order_mark_is_told() -> None:
    shown = preview_of("\ufeff\ufeffNo,Name\n1,Ann\n".encode())
    assert [(problem.code, problem.column) for problem in shown.problems] == [("column_name_invisible", "\ufeffNo")]
    assert "“\\ufeffNo”" in shown.problems[0].message


def test_shares_of_a_column() -> None:
    shown = preview_of(b"No,City\n1,Rome\n2,\n3,Rome\n4,Oslo\n")
    assert [(column.filled, column.distinct) for column in shown.details] == [(1.0, 1.0), (0.75, 0.667)]


def test_a_share_is_1_only_of_all() -> None:
    lines = ["No,Name", *(f"{number},x" for number in range(1, 4_999)), "4998,x", ",y"]
    first = preview_of("\n".join(lines).encode()).details[0]
    assert (first.filled, first.distinct) == (0.999, 0.999)


def test_numbers_are_numbers_with_either_separator() -> None:
    shown = preview_of(b"No;Amount;Price\n1;1,50;2.5\n2;-3,25;10.00\n3;7;1\n")
    assert [column.decimal_separators for column in shown.details] == [[".", ","], [","], ["."]]
    assert [Kind.NUMBER in column.kinds for column in shown.details] == [True, False, True]
    assert [column.shares[Kind.NUMBER] for column in shown.details] == [1.0, 1.0, 1.0]


def test_values_that_come_late_count_as_the_first_do() -> None:
    even = [f"{number};{number};u{number}@x.de;{number % 12 + 1:02}/{number % 9 + 1:02}/2024" for number in range(400)]
    late = [f"{number};{number},5;none {number};{13 + number % 15}/01/2024" for number in range(400)]
    _, amount, mail, date = preview_of("\n".join(["No;Amount;Mail;Date", *even, *late]).encode()).details
    assert (amount.decimal_separators, date.date_formats) == ([","], ["%d/%m/%Y"])
    assert (mail.kinds, mail.shares[Kind.EMAIL]) == ([Kind.TEXT], 0.5)


MANY_NAMES = ",".join(f"Column number {number}" for number in range(20))
MANY_VALUES = ",".join("0" * 20)
HIDING = [
    (f"No,Password\n1,{SECRET}\n2,{SECRET}\n", {}),
    (f"No,Kennwort\n1,{SECRET}\n", {}),
    (f"No;mot de passe\n1;{SECRET}\n", {}),
    (f"No,Zugang\n1,{SECRET}\n", {"password_columns": ["Zugang"]}),
    (f"1,{SECRET}\n2,{SECRET}\n", {"password_columns": ["2"], "has_header": False}),
    (f"No,Password,Name\n1,{SECRET}\n2,x,y,{SECRET}\n", {}),
    (f"No,Name,Password\n{SECRET}\nx,{SECRET}\n", {}),
    (f"No,Name,Password\n1,{SECRET}\n", {}),
    (f"No,Name,Password\n1,x,y,{SECRET}\n", {}),
    (f'No,Name,Password\n1,"Ann,x\n2,Bob,{SECRET}\n', {}),
    (f'No,Name,Mail,Password,Other\n2,"Bob,b@b.de,{SECRET}",g@b.de,x,y\n', {}),
    (f"No,Password\n1,{SECRET}\n", {"has_header": False}),
    (f"No,Password\n1,{SECRET}\n", {"delimiter": ";"}),
    (f"No,Password\n1,{SECRET}\n", {"skip_lines": 1}),
    (f"Members\n\nNo,Password,x\n1,{SECRET},y\n", {"skip_lines": 0}),
    (f"No,Password\n1,{SECRET}é\n", {"encoding": "cp1252"}),
    (f"{MANY_NAMES},Password\n{MANY_VALUES},{SECRET}\n", {"delimiter": ";"}),
    (f"{MANY_NAMES},Password\n{MANY_VALUES},{SECRET}\n", {"delimiter": ";", "has_header": False}),
    (f"{MANY_NAMES},Password\n{MANY_VALUES},{SECRET}\n", {"delimiter": "|", "skip_lines": 1}),
    (f"List of;Password;Street and number of the house;x\nA 1;{SECRET};x\nB;{SECRET};y\n", {"delimiter": " "}),
    (
        f"List of;Password;Street and number of the house;x\n{SECRET};A 1;x\n",
        {"delimiter": " ", "has_header": False},
    ),
    (f"Ann,Smith,{SECRET}\nBob,Jones,alpha1\nCarl,Miller,gamma1\n", {"password_columns": ["3"]}),
    (f"Ann,Smith,{SECRET}\nBob,Jones,{SECRET}2\n", {"password_columns": ["3"], "has_header": True}),
]


@pytest.mark.parametrize(("text", "choices"), HIDING)
def test_passwords_are_hidden(text: str, choices: dict[str, Any]) -> None:
    encoded = text.encode(str(choices.get("encoding", "utf-8")))
    shown = preview_of(encoded, **{name: value for name, value in choices.items() if name != "encoding"})
    said = shown.model_dump_json()
    assert SECRET not in said
    assert HIDDEN in said


def test_a_value_that_is_called_a_password_hides_no_column_with_a_name() -> None:
    shown = preview_of(b"No,Last name,Info,Mail\n1,Smith,-,a@b.de\n2,Pin,forgot password,c@d.de\n3,Lee,x,e@f.de\n")
    assert [column.is_password for column in shown.details] == [False] * 4
    assert shown.rows[1] == ["2", "Pin", "forgot password", "c@d.de"]


def test_what_may_be_a_password_is_hidden_but_not_taken_for_one() -> None:
    shown = preview_of(f"Ann,Password\nBob,{SECRET}\n".encode(), has_header=False)
    assert [(column.is_password, column.kinds) for column in shown.details][1] == (False, [Kind.TEXT])
    assert [row[1] for row in shown.rows] == [HIDDEN, HIDDEN]


@settings(max_examples=60)
@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_are_shown_or_refused(content: bytes, is_whole: bool) -> None:  # noqa: FBT001 - drawn
    refused = None
    try:
        assert preview_of(content, is_whole=is_whole).model_dump_json().encode()
    except UserError as error:
        refused = error.code
    assert refused in {None, "file_not_text", "file_has_no_rows"}


def test_a_preview_fits_into_an_event_however_the_file_is_made() -> None:
    wide = "\u6771" * 30
    names = ",".join(f"{wide}{number}" for number in range(3000))
    rows = "\n".join(",".join(wide for _ in range(3000)) for _ in range(3))
    noise = bytes(random.Random(1).choices(range(32, 256), k=1 << 20))
    controls = b"\x01".join([b""] * 300)
    sparse = b"".join(b"%d%b\n" % (number, controls) for number in range(2_000))
    wide_controls = b",".join([b"\x01" * 2_000] * 500)
    for content in (
        f"{names}\n{rows}\n".encode(),
        b"a" * (1 << 20),
        noise,
        b'"' + b"x,\n" * 300_000,
        sparse,
        b",".join([b"\x01" * 2_000] * 100) + b"\nx\n",
        b"a,b\n" + wide_controls,
        b",".join(b"n%d" % number for number in range(500)) + b"\n" + wide_controls,
        b",".join([b"\x01" * 1_000 + b"\xff"] * 60) + b"\n" + b"\xff\n" * 60,
    ):
        shown = preview_of(content, is_whole=False)
        assert len(shown.model_dump_json().encode()) < 900_000
        assert len(shown.columns) == len(shown.details)
    shown = preview_of(sparse, is_whole=False, delimiter=",", has_header=False)
    assert len(shown.model_dump_json().encode()) < 900_000


def test_what_rejected_rows_were_given_is_no_column() -> None:
    shown = preview_of(b'2,Bob,b@example.com,Line 2,"Reason: bad"\n', has_header=False)
    assert (shown.columns, shown.rows) == (["1", "2", "3"], [["2", "Bob", "b@example.com"]])
    assert shown.problems == []
