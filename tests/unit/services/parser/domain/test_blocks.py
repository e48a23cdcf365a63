"""The fast road and the exact one come to the same, wherever the fast one takes a block at all."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.parser.domain.block_text import BlockText
from services.parser.domain.blocks import judge_block
from shared.rules.dialect import Dialect
from shared.rules.header import Head
from shared.rules.kinds import Kind
from shared.rules.letter_case import Case
from shared.rules.mapping import MappedColumn, ParsePlan, resolve
from shared.rules.sizes import MAX_ROW_BYTES
from tests.support.both_roads import assert_alike, without_header
from tests.support.examples import MANY

NAMES = ["Id", "Mail", "When", "Phone", "Size", "Secret"]
KINDS = [Kind.TEXT, Kind.EMAIL, Kind.DATE, Kind.PHONE, Kind.NUMBER, Kind.PASSWORD]
FILLED = tuple(
    MappedColumn(name, number, kind)
    for number, (name, kind) in enumerate(zip(NAMES, KINDS, strict=True), start=1)
    if number > 1
)
PLAN = ParsePlan((*FILLED, MappedColumn(None, 9, Kind.TEXT, constant="C")), MappedColumn("Id", 1, Kind.TEXT))
PLANS = [
    PLAN,
    replace(PLAN, trim=False),
    replace(PLAN, key=None),
    replace(PLAN, keep_refused=True),
    ParsePlan((MappedColumn("Mail", 2, Kind.TEXT, Case.TITLE),), MappedColumn("Id", 1, Kind.TEXT, Case.LOWER)),
]
HEAD = Head(NAMES, len(NAMES), None)


PIECE = st.sampled_from(
    [
        ",",
        ",",
        ",",
        "\n",
        "\n",
        "\r\n",
        "\r",
        '"',
        '"',
        '""',
        " ",
        "a",
        "B",
        "é",
        "\u3000",
        "\u2028",
        "\x1f",
        "\x00",
        "7",
        "a@b.de",
        "Ünï@ex.org",
        "2026-11-24",
        "+49 30 1234567",
        "-3.5",
        "secret",
        "o'Brien",
        "\u200b",
        "\ufeff",
        "#",
    ]
)
TEXT = st.lists(PIECE | st.characters(codec="utf-8"), max_size=60).map("".join)
CELL = st.sampled_from(
    [
        "",
        " ",
        "7",
        "a@b.de",
        "no",
        "2026-11-24",
        "+49 30 1234567",
        "-3.5",
        '"x\ny"',
        '"q""r"',
        "ß\u00a0",
        "\ufeff",
        '\ufeff"',
    ]
)
ROW = st.lists(CELL, min_size=len(NAMES), max_size=len(NAMES)) | st.lists(CELL, max_size=9)
TABLE = st.tuples(st.lists(ROW.map(",".join), max_size=12), st.sampled_from(["\n", "\r\n", "\r"])).map(
    lambda parts: parts[1].join(parts[0])
)


@settings(max_examples=MANY)
@given(TEXT | TABLE, st.sampled_from(PLANS))
@example('"\n', PLAN)
@example("1,,,,,\n\n2,,,,,", PLAN)
@example("\r\n", PLAN)
@example("1,a@b.de,,,,pw\rx\r\n2,,,,,\n", PLAN)
@example('\ufeff"1,x\n2",y\n3,z\n', PLAN)
def test_both_roads_come_to_the_same(text: str, plan: ParsePlan) -> None:
    assert_alike(text.encode(), plan, Dialect(), HEAD)


@settings(max_examples=MANY)
@given(st.binary(max_size=80), st.sampled_from([1, 2, 3]))
def test_for_any_bytes_and_width(data: bytes, width: int) -> None:
    head = without_header(width)
    plan = ParsePlan((MappedColumn("1", 2, Kind.TEXT),), None)
    assert_alike(data, plan, Dialect(), head)


@given(TEXT.map(lambda text: text.replace(",", ";").replace('"', "'")), st.sampled_from([None, "#"]))
def test_for_other_dialects(text: str, comment: str | None) -> None:
    assert_alike(text.encode(), PLAN, Dialect(";", "'", comment=comment), HEAD)


@given(TABLE)
def test_with_a_header(text: str) -> None:
    data = (",".join(NAMES) + "\n" + text).encode()
    assert assert_alike(data, PLAN, Dialect(), replace(HEAD, header_line=5)) or b"\0" in data


@pytest.mark.parametrize("size", [MAX_ROW_BYTES - 20, MAX_ROW_BYTES + 1])
def test_large_rows(size: int) -> None:
    data = f"1,,,,,{'x' * size}\n2,,,,,y\n".encode()
    assert assert_alike(data, PLAN, Dialect(), HEAD)


def test_the_fast_road_is_taken_for_usual_files() -> None:
    row = '{0},ann{0}@example.com,2026-11-24,+49 30 {0:07},{0},"a ""b"",\nc"\n'
    assert assert_alike("".join(row.format(number) for number in range(500)).encode(), PLAN, Dialect(), HEAD)


def test_a_mark_that_begins_a_block_is_data() -> None:
    """Arrow drops it, so that the quote after it would open a cell and swallow a line."""
    text = BlockText('\ufeff"1,x\n2",y\n3,z\n'.encode(), "utf-8", first_line=1, offset=0)
    plan = ParsePlan((MappedColumn("2", 2, Kind.TEXT),), MappedColumn("1", 1, Kind.TEXT))
    head = without_header(2)
    judged = judge_block(text, Dialect(has_header=False), head, resolve(plan, head.names))
    assert judged.rows["unique_id"].to_pylist() == ['\ufeff"1', '2"', "3"]
