"""How a file is written is found out, with the reason in words; what is a mere guess says so."""

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from shared.errors import UserError
from tests.support.looking import preview_of
from tests.support.messy_files import MessyFile, messy_file

CORPUS = Path(__file__).parents[4] / "corpus" / "csv_cases.jsonl"
DOCS = Path(__file__).parents[5] / "docs" / "csv.md"

DIALECTS = [
    ("a,b\n1,2\n", ",", '"'),
    ("No;Amount\n1;1,50\n2;2,75\n3;10,00\n", ";", '"'),
    ("No\tName\n1\tLee, Ann\n2\tRoe, Bob\n", "\t", '"'),
    ("No|Name\n1|Ann\n2|Bob\n", "|", '"'),
    ("1 Ann Berlin\n2 Bob Rome\n3 Eve Oslo\n", " ", '"'),
    ("a||b||c\n1||||3\n4||5||6\n", "||", '"'),
    ("a|b||c\n1|2||3\n4|5||6\n", "|", '"'),
    ("a|~|b\n1|~||~|\n2|~|3\n", "|~|", '"'),
    ("a^b\n1^2\n3^4\n", "^", '"'),
    ("a\x1fb\n1\x1f2\n3\x1f4\n", "\x1f", '"'),
    ("'a';'b'\n'1;1';'2'\n'3';'it''s'\n", ";", "'"),
    ('"a;x";"b"\n"1";"2\n3"\n', ";", '"'),
    ("Name,Town\n't Hooft,Delft\n'sGravesande,Leiden\n", ",", '"'),
    ("When,What\n10:30,tea\n11:45,talk\n", ",", '"'),
    ("sep=;\nA,1;B\n1,2;2\n", ";", '"'),
    ("a@example.com\nb@example.com\n", ",", '"'),
    ("Name\nAnn Lee\nBob Roe\n", ",", '"'),
    ("a,b\r1,2\r3,4\r", ",", '"'),
    ("http://example.com/a;b\nhttp://example.com/c;d\n", ";", '"'),
]


@pytest.mark.parametrize(("text", "delimiter", "quote"), DIALECTS)
def test_delimiter_and_quote(text: str, delimiter: str, quote: str) -> None:
    detected = preview_of(text.encode()).detected
    assert (detected.delimiter, detected.quote) == (delimiter, quote)


def test_reasons_are_words() -> None:
    rows = "".join(f"{number};Ann, Lee;a@example.com\n" for number in range(49))
    reasons = preview_of(f"No;Name;E-mail\n{rows}".encode()).detected.reasons
    assert reasons["delimiter"] == "Semicolon: splits all 50 rows into 3 columns; comma would give 1 to 2."
    assert set(reasons) == {"delimiter", "quote", "encoding", "has_header", "skip_lines"}


HEADERS = [
    ("No,Name\n1,Ann\n2,Bob\n", True),
    ("1,Ann\n2,Bob\n", False),
    ("Ann,ann@example.com\nBob,bob@example.com\n", False),
    ("x_1,y_1\nred,green\nblue,red\n", True),
    ("Farbe,Menge\nrot,3\nblau,4\n", True),
    ("Ann,Berlin\nBob,Rome\nEve,Berlin\nAnn,Oslo\n", False),
    ("Vorname;Wohnort\nAnn;Berlin\n", True),
    ("2019;2020\n1;2\n", False),
    ("Name,Joined\nAnn,2020-01-31\nBob,2021-02-28\n", True),
]


@pytest.mark.parametrize(("text", "has_header"), HEADERS)
def test_header(text: str, has_header: bool) -> None:  # noqa: FBT001 - a row of the table
    assert preview_of(text.encode()).detected.has_header is has_header


BEGINNINGS = [
    ("No,Name,Mail\n1,Ann,a@example.com\n", 0),
    ("Report of May\n\nNo,Name,Mail\n1,Ann,a@example.com\n2,Bob,b@example.com\n", 2),
    ("Members,,\n,,\nNo,Name,Mail\n1,Ann,a@example.com\n", 2),
    ("# made by a program\nNo,Name,Mail\n1,Ann,a@example.com\n", 1),
    ("1,,\n2,Bob,b@example.com\n3,Eve,e@example.com\n", 0),
    ("\n\nNo,Name\n1,Ann\n", 0),
    ("sep=;\nNo;Name\n1;Ann\n", 1),
]


@pytest.mark.parametrize(("text", "lines"), BEGINNINGS)
def test_lines_before_the_table(text: str, lines: int) -> None:
    assert preview_of(text.encode()).detected.skip_lines == lines


ENCODINGS = [
    ("Name,Ort\nÄnne Müller,Köln\n", "utf-8", False),
    ("Name,Ort\nÄnne Müller,Köln\n", "utf-8-sig", False),
    ("Name,Ort\nÄnne Müller,Köln\n", "utf-16", False),
    ("Name,Ort\nÄnne Müller,Köln\n", "utf-16-le", True),
    ("Name,Ort\nÄnne Müller,Köln\n", "utf-16-be", True),
    ("Name,Ort\nÄnne Müller,Köln\n", "utf-32-le", True),
    ("Name,Ort\nÄnne Müller,Köln\n", "cp1252", True),
    ("Name,Ort\nÄnne Müller,Köln\n", "mac-roman", True),
    ("Name,Ort\nÄnne Müller,Köln\n", "cp850", True),
    ("Imię,Miasto\nŁukasz Wiśniewski,Łódź\nŻaneta,Gdańsk\n", "cp1250", True),
    ("Имя,Город\nИван Иванов,Москва\n", "cp1251", True),  # noqa: RUF001 - another alphabet
    ("Имя,Город\nИван Иванов,Москва\n", "koi8-r", True),  # noqa: RUF001 - another alphabet
    ("氏名,住所\n山田太郎,東京都\n佐藤花子,大阪府\n", "shift_jis", True),
    ("氏名,住所\n山田太郎,東京都\n鈴木はなこ,大阪府\n", "euc_jp", True),
    ("氏名,住所\n山田太郎,東京都\n鈴木はなこ,大阪府\n", "iso2022_jp", True),
    ("姓名,城市\n王小明,北京\n李娜,上海\n", "gb18030", True),
    ("이름,도시\n김철수,서울\n이영희,부산\n", "euc_kr", True),
    ("No,Name\n1,Ann\n", "ascii", False),
]


@pytest.mark.parametrize(("text", "encoding", "is_guess"), ENCODINGS)
def test_encoding(text: str, encoding: str, is_guess: bool) -> None:  # noqa: FBT001 - a row of the table
    shown = preview_of(text.encode(encoding))
    first, *rows = [line.split(",") for line in text.splitlines()]
    assert (shown.columns, shown.rows) == (first, rows)
    assert ("encoding" in shown.detected.confirm) is is_guess
    assert ("encoding_unconfirmed" in {problem.code for problem in shown.problems}) is is_guess
    if is_guess and not text.isascii():
        assert any(word in text for word in shown.detected.encodings[0].words)


def test_a_few_broken_bytes_do_not_turn_utf8_into_something_else() -> None:
    rows = "".join(f"{number},Müller\n" for number in range(50)).encode()
    shown = preview_of(b"No,Name\n" + rows + b"51,M\xfcller\n")
    assert shown.detected.encoding == "utf-8"
    assert shown.detected.confirm == ["encoding"]
    assert [(problem.line, problem.code) for problem in shown.problems if problem.line] == [(52, "undecodable")]
    assert shown.rows[-1] == ["51", "M\ufffdller"]


def test_a_sign_cut_by_the_sample_is_no_fault() -> None:
    text = "No,Name\n1,Müller\n2,Gül".encode()
    for end in range(len(text) - 6, len(text)):
        shown = preview_of(text[:end], is_whole=False)
        assert (shown.detected.encoding, shown.detected.confirm) == ("utf-8", [])


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7\n...", b"\x89PNG\r\n\x1a\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(range(32)) * 50]
)
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(UserError) as caught:
        preview_of(content)
    assert caught.value.code == "file_not_text"


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ('sep="\nA;B\n1;2\n', {"quote": '"'}),
        ("sep='\nA;B\n1;2\n", {"quote": "'"}),
        ("sep=\nA;B\n1;2\n", {}),
        ("sep=#\nA;B\n1;2\n", {"comment": "#"}),
    ],
)
def test_a_first_line_that_names_no_possible_delimiter_is_none(text: str, choices: dict[str, Any]) -> None:
    assert preview_of(text.encode(), **choices).detected.delimiter == ";"


def test_the_sign_of_comments_is_no_delimiter() -> None:
    assert preview_of(b"; x\nA;B\n1;2\n2;3\n", comment=";").detected.delimiter != ";"


def test_one_control_character_in_a_short_file_is_an_error_of_its_row() -> None:
    (problem,) = preview_of(b"No,Name\n1,An\0n\n2,Bob\n").problems
    assert (problem.line, problem.code) == (2, "nul_character")


@pytest.mark.parametrize("trim", [True, False])
def test_white_space_in_too_many_cells_counts_as_in_a_run(*, trim: bool) -> None:
    problems = preview_of(b"No,Name\n1,Ann, \n", trim=trim).problems
    assert [problem.code for problem in problems] == ([] if trim else ["too_many_cells"])


def test_what_is_chosen_counts() -> None:
    text = "a;b\n1;ü\n".encode("cp1252")
    detected = preview_of(text, delimiter=",", encoding="mac-roman", has_header=False, skip_lines=1, quote="'").detected
    assert (detected.delimiter, detected.encoding, detected.quote) == (",", "mac-roman", "'")
    assert (detected.has_header, detected.skip_lines, detected.confirm) == (False, 1, [])
    assert set(detected.reasons.values()) == {"As you chose."}


def test_a_mark_and_a_choice_that_contradict_are_told() -> None:
    with pytest.raises(UserError) as caught:
        preview_of("a,b\n1,2\n".encode("utf-16"), encoding="cp1252")
    assert caught.value.code == "encoding_contradicts_mark"


def test_cases_of_other_engines() -> None:
    found: Counter[bool] = Counter()
    for line in CORPUS.read_text(encoding="ascii").splitlines():
        case: dict[str, Any] = json.loads(line)
        records = case.get("ours", case["theirs"])
        rows = [record for record in records if record not in ([], [""])] if isinstance(records, list) else []
        if len(rows) > 1 and max(map(len, rows)) > 1 and any(any(row) for row in rows):
            detected = preview_of(case["input"].encode(), comment=case.get("comment")).detected
            wanted = case.get("delimiter", ","), case.get("quote", '"')
            found[(detected.delimiter, detected.quote) == wanted] += 1
    assert found[True] >= 0.97 * found.total() > 100
    assert f"{found[True]} of {found.total()} cases" in DOCS.read_text(encoding="utf-8")


def test_generated_files(is_long: bool) -> None:  # noqa: FBT001 - a fixture
    """At least so many are found out in all parts, and what is found is read to the last cell."""
    found: dict[str, Counter[bool]] = {name: Counter() for name in ("delimiter", "quote", "header", "lines", "text")}
    for number in range(600 if is_long else 120):
        made = messy_file(random.Random(number))
        shown = preview_of(made.content)
        detected = shown.detected
        found["delimiter"][detected.delimiter == made.delimiter] += 1
        if detected.delimiter != made.delimiter:
            continue
        found["quote"][detected.quote == made.quote or not made.quotes] += 1
        found["header"][detected.has_header == made.has_header] += 1
        found["lines"][detected.skip_lines == made.skip_lines] += 1
        found["text"][_reads_the_same(made, detected.encoding)] += 1
    shares = {name: counts[True] / counts.total() for name, counts in found.items()}
    least = {"delimiter": 0.97, "quote": 0.95, "header": 0.97, "lines": 0.97, "text": 0.96}
    assert {name: share for name, share in shares.items() if share < least[name]} == {}


def _reads_the_same(made: MessyFile, encoding: str) -> bool:
    try:
        return made.content.decode(encoding).lstrip("\ufeff") == made.content.decode(made.encoding).lstrip("\ufeff")
    except UnicodeDecodeError:
        return False


def test_one_column_is_not_split_at_the_commas_of_its_values() -> None:
    shown = preview_of(b"Company\nAcme\nFoo, Bar, Baz Inc\nX Ltd\n")
    assert shown.rows == [["Acme"], ["Foo, Bar, Baz Inc"], ["X Ltd"]]
    assert shown.detected.reasons["quote"] == "The usual one."


def test_one_column_that_a_blank_would_part_evenly_is_to_be_confirmed() -> None:
    detected = preview_of(("id name\n" + "".join(f"{number} Anna{number}\n" for number in range(30))).encode()).detected
    assert "delimiter" in detected.confirm
    assert "space would part all rows into 2" in detected.reasons["delimiter"]


def test_a_delimiter_beside_which_another_does_as_well_is_to_be_confirmed() -> None:
    assert "delimiter" in preview_of(b"id;tags\n1;a,b,c\n2;d,e,f\n3;g,h,i\n").detected.confirm
    assert "delimiter" not in preview_of(b"No;Amount\n1;3,50\n2;4,50\n").detected.confirm


def test_lines_left_out_by_a_guess_are_to_be_confirmed() -> None:
    assert "skip_lines" in preview_of(b"E7,,,\nE8,Bob,Ulm,Rhine\nE9,Cid,Bonn,Rhine\n").detected.confirm


@pytest.mark.parametrize(("quote", "comment"), [(",", None), ('"', ","), (",", ";"), (";", ",")])
def test_a_comma_may_be_the_quote_or_the_sign_of_comments(quote: str, comment: str | None) -> None:
    for text in (b"Ann, born: 1970; x | y\tz\nBob\nCid\n", b"\n , ;\nNo\n"):
        assert preview_of(text, quote=quote, comment=comment).detected.delimiter not in {quote, comment}
