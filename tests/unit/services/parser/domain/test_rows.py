from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.parser.domain.rows import (
    MAX_ID_BYTES,
    MAX_PROBLEMS,
    GoodRow,
    RejectedRow,
    RowProblem,
    read_row,
)
from shared.rules.dialect import Dialect
from shared.rules.kinds import Kind
from shared.rules.mapping import MappedColumn, ParsePlan, ResolvedMapping, resolve
from shared.rules.problems import PROBLEM_CODES
from shared.rules.records import Record, read_records
from shared.rules.sizes import MAX_ROW_BYTES

NAMES = ["Other", "Id", "E-mail", "Password"]
PLAN = ParsePlan(
    (
        MappedColumn("E-mail", 2, Kind.EMAIL),
        MappedColumn("Password", 3, Kind.PASSWORD),
    ),
    MappedColumn("Id", 1, Kind.TEXT),
)
MAPPING = resolve(PLAN, NAMES)
RAW = resolve(replace(PLAN, trim=False), NAMES)
GENERATED = resolve(replace(PLAN, key=None), NAMES)


def row(data: bytes | str, mapping: ResolvedMapping = MAPPING, width: int = 4) -> GoodRow | RejectedRow | None:
    raw = data.encode() if isinstance(data, str) else data
    (record,) = read_records(raw, Dialect(), encoding="utf-8", first_line=5)
    return read_row(record, mapping, width)


def rejected(data: bytes | str, mapping: ResolvedMapping = MAPPING, width: int = 4) -> RejectedRow:
    outcome = row(data, mapping, width)
    assert isinstance(outcome, RejectedRow)
    assert {problem.code for problem in outcome.problems} <= PROBLEM_CODES
    return outcome


def codes(outcome: RejectedRow) -> list[str]:
    return [problem.code for problem in outcome.problems]


def test_a_good_row_has_its_values_in_the_order_of_the_mapping() -> None:
    assert row("o,7,a@b.de,pw") == GoodRow(5, "7", ["a@b.de", "pw"])


def test_values_are_trimmed_inside_quotes_too_but_never_passwords() -> None:
    assert row('o," 7\u3000",\u00a0a@b.de ," pw "') == GoodRow(5, "7", ["a@b.de", " pw "])


def test_a_password_of_white_space_is_passed_on_as_it_is() -> None:
    assert row("o,7,,  ") == GoodRow(5, "7", ["", "  "])


def test_without_trimming_values_and_ids_stay() -> None:
    assert row("o, 7 ,a@b.de, pw ", RAW) == GoodRow(5, " 7 ", ["a@b.de", " pw "])
    assert codes(rejected("o,7, a@b.de,", RAW)) == ["email_invalid"]


@pytest.mark.parametrize("data", ["\n", ",,,", " ,\u3000", '"",,,,,,,'])
@pytest.mark.parametrize("mapping", [MAPPING, RAW, GENERATED])
def test_a_blank_row_is_no_row(data: str, mapping: ResolvedMapping) -> None:
    assert row(data, mapping) is None


@pytest.mark.parametrize("mapping", [MAPPING, RAW])
@pytest.mark.parametrize("empty", ["", "  ", "\u3000"])
def test_an_empty_id_is_missing_but_not_unreadable(mapping: ResolvedMapping, empty: str) -> None:
    assert row(f"o,{empty},,", mapping) == RejectedRow(
        5, None, id_unreadable=False, problems=[RowProblem("id_missing", "Id")]
    )


def test_too_few_cells_that_reach_the_id() -> None:
    without_password = resolve(replace(PLAN, columns=PLAN.columns[:1]), [*NAMES[:3], "Note"])
    assert row("o,7", without_password) == RejectedRow(
        5, "7", id_unreadable=False, problems=[RowProblem("too_few_cells")]
    )


def test_too_few_cells_to_reach_the_id() -> None:
    assert row("o") == RejectedRow(5, None, id_unreadable=True, problems=[RowProblem("too_few_cells")])


def test_with_generated_keys_no_id_is_looked_for() -> None:
    assert row("o,,,", GENERATED) == GoodRow(5, None, ["", ""])
    assert row("o", GENERATED) == RejectedRow(5, None, id_unreadable=False, problems=[RowProblem("too_few_cells")])


def test_extra_cells_are_ignored_when_empty() -> None:
    assert row("o,7,,,, ") == GoodRow(5, "7", ["", ""])
    assert row("o,7,,,x,") == RejectedRow(5, "7", id_unreadable=False, problems=[RowProblem("too_many_cells")])


def test_without_trimming_white_space_fills_an_extra_cell() -> None:
    assert codes(rejected("o,7,,, ", RAW)) == ["too_many_cells"]


@pytest.mark.parametrize(
    ("data", "code", "column", "unique_id"),
    [
        (b"\xff,7,,", "undecodable", "Other", "7"),
        (b"o,7,\xff,", "undecodable", "E-mail", "7"),
        (b"o\0,7,,", "nul_character", "Other", "7"),
        (b"o,7\xff,,", "undecodable", "Id", None),
        (b"o,\0,,", "nul_character", "Id", None),
    ],
)
def test_bad_bytes_in_any_cell_mapped_or_not(data: bytes, code: str, column: str, unique_id: str | None) -> None:
    problems = [RowProblem(code, column)]
    assert row(data) == RejectedRow(5, unique_id, id_unreadable=unique_id is None, problems=problems)


def test_bad_bytes_in_an_extra_cell_and_both_sorts_in_one() -> None:
    assert rejected(b"o,7,,,\xff").problems == [RowProblem("too_many_cells"), RowProblem("undecodable")]
    assert codes(rejected(b"o,7,\xff\0,")) == ["nul_character", "undecodable"]


def test_every_problem_of_a_row_is_told() -> None:
    assert rejected(b"\xff, ,x,").problems == [
        RowProblem("id_missing", "Id"),
        RowProblem("undecodable", "Other"),
        RowProblem("email_invalid", "E-mail"),
    ]


def test_a_row_of_very_many_problems_tells_the_first() -> None:
    assert len(rejected(b"o,7,,," + b"\xff," * 1000).problems) == MAX_PROBLEMS


def test_the_id_of_a_refused_value_is_known() -> None:
    assert row("o,7,x,") == RejectedRow(5, "7", id_unreadable=False, problems=[RowProblem("email_invalid", "E-mail")])


@pytest.mark.parametrize("filling", ["x", "é", "😀"])
def test_the_size_of_a_row(filling: str) -> None:
    room = MAX_ROW_BYTES
    whole, rest = divmod(room, len(filling.encode()))
    password = filling * whole + "x" * rest
    assert isinstance(row(f"o,7,,{password}"), GoodRow)
    assert codes(rejected(f"o,7,,{password}x")) == ["row_too_large"]
    assert rejected(f"o,7,,{password}x").unique_id == "7"


def test_an_unmapped_column_may_be_large() -> None:
    assert isinstance(row("o" * (MAX_ROW_BYTES + 1) + ",7,,"), GoodRow)


def test_an_id_that_no_contact_can_have() -> None:
    outcome = rejected("o," + "7" * (MAX_ID_BYTES + 1) + ",,")
    assert (outcome.unique_id, outcome.id_unreadable, codes(outcome)) == (None, False, ["id_too_long"])


def test_the_longest_id() -> None:
    assert isinstance(row("o," + "7" * MAX_ID_BYTES + ",,"), GoodRow)


CELLS = st.lists(st.sampled_from(["", " ", "x", "a@b.de", "\0", "\udcff", "\x1c"]), max_size=6)


@given(CELLS, st.sampled_from([MAPPING, RAW, GENERATED]))
def test_a_row_is_good_bad_or_blank(cells: list[str], mapping: ResolvedMapping) -> None:
    bad = frozenset(index for index, cell in enumerate(cells) if cell in {"\0", "\udcff"})
    outcome = read_row(Record(1, cells, bad), mapping, 4)
    if outcome is None:
        assert not "".join(cells).strip(" ")
    elif isinstance(outcome, GoodRow):
        assert not bad
        assert len(outcome.values) == 2
        assert (outcome.unique_id is None) == (mapping is GENERATED)
    else:
        assert outcome.problems
        unreadable = len(cells) < 3 or 1 in bad  # of two, the second may be the password
        assert outcome.id_unreadable == (unreadable and mapping is not GENERATED)


@pytest.mark.parametrize(
    ("data", "unique_id"),
    [
        ("o,7,a@b.de,se,cret", "7"),  # the password stands behind the id, and moves away from it
        ("o,7,a@b.de", "7"),
        ("o,7", None),  # as after a password with a line end in it: "7" may be what follows
        ("o", None),
    ],
)
def test_what_may_be_a_password_is_no_id(data: str, unique_id: str | None) -> None:
    outcome = rejected(data)
    assert (outcome.unique_id, outcome.id_unreadable) == (unique_id, unique_id is None)


def test_a_password_before_the_id_may_move_into_its_place() -> None:
    plan = replace(PLAN, columns=(MappedColumn("Other", 3, Kind.PASSWORD),))
    outcome = rejected("se,cret,7,a@b.de,x", resolve(plan, NAMES))
    assert (outcome.unique_id, outcome.id_unreadable) == (None, True)
    assert isinstance(row("secret,7,a@b.de,x,,", resolve(plan, NAMES)), GoodRow)


@pytest.mark.parametrize("said", [(), ("Geheim",)])
def test_a_password_that_nobody_maps_is_no_id_either(said: tuple[str, ...]) -> None:
    plan = replace(PLAN, columns=PLAN.columns[:1], password_columns=said)
    mapping = resolve(plan, ["Geheim" if said else "Password", "Id", "E-mail", "x"])
    outcome = rejected("se,cret,7,a@b.de,x", mapping)
    assert (outcome.unique_id, outcome.id_unreadable) == (None, True)


@pytest.mark.parametrize("others", ["2,Bob,pw\n3", "2,bob,se,cret", "2\n3,b@x,x,cret"])
@pytest.mark.parametrize("mail", ["a@b.de", "no"])
def test_an_id_that_may_hold_other_rows_is_not_shown(others: str, mail: str) -> None:
    outcome = row(f'o,"{others}",{mail},pw')
    if mail == "no":
        assert isinstance(outcome, RejectedRow)
        assert (outcome.unique_id, outcome.id_unreadable) == (None, True)
    else:
        assert isinstance(outcome, GoodRow)
