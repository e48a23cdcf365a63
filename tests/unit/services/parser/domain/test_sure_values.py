"""What is surely taken is part of what the kinds take; single values are asked for one by one."""

import random
import re
import sys

import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.parser.domain.sure_values import _SURE_EMAIL, has_wide_spaces, in_case_all, sure_phone, taken, trimmed
from shared.rules.kinds import Kind, Notation, check
from shared.rules.letter_case import Case, in_case
from shared.rules.trimming import trim


def test_every_character_that_is_surely_a_letter_of_an_address() -> None:
    addresses = [f"a{chr(code)}@example.com" for code in range(0x21, 0xD800) if chr(code) != "@"]
    sure = pc.match_substring_regex(pa.array(addresses), _SURE_EMAIL).to_pylist()
    certain = [address for address, is_sure in zip(addresses, sure, strict=True) if is_sure]
    assert len(certain) > 30_000
    assert [
        address for address in certain[:: 7 if len(certain) > 1000 else 1] if check(Kind.EMAIL, address, Notation())
    ] == []


@pytest.mark.parametrize("region", [None, "DE", "US", "BR"])
def test_sure_phone_numbers_are_possible_in_every_region(region: str | None, seed: int) -> None:
    source = random.Random(seed)
    codes = list(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)

    def digits() -> str:
        return "".join(
            source.choice("0123456789") + source.choice(["", "", " ", "-"]) for _ in range(source.randint(2, 16))
        )

    numbers = [f"+{source.choice(codes)}{source.choice(['', ' '])}{digits()}".rstrip(" -") for _ in range(5_000)]
    sure = pc.match_substring_regex(
        pa.array(numbers), sure_phone(frozenset(number[:4] for number in numbers))
    ).to_pylist()
    certain = [number for number, is_sure in zip(numbers, sure, strict=True) if is_sure]
    assert len(certain) > 300
    assert [number for number in certain if check(Kind.PHONE, number, Notation(region))] == []


VALUE = (
    st.text(st.sampled_from("aZ@.-_+ 0159,/é\u3000\u00a0\x1f\x1cßŁ\n"), max_size=12) | st.emails() | st.text(max_size=6)
)


@given(st.lists(VALUE, max_size=8), st.sampled_from(Kind), st.sampled_from([".", ","]))
def test_values_are_taken_as_single_ones_are(values: list[str], kind: Kind, separator: str) -> None:
    values = [value for value in values if not re.search("[\ud800-\udfff]", value)]
    notation = Notation("DE", separator)
    expected = [check(kind, value, notation) is None for value in values]
    if kind not in {Kind.TEXT, Kind.PASSWORD}:
        found = taken(pa.array(values, pa.string()), kind, notation)
        assert ([True] * len(values) if found is None else found.to_pylist()) == expected


def test_every_character_is_trimmed_as_single_values_are() -> None:
    values = [f"{chr(code)}x{chr(code)}" for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    assert trimmed(pa.array(values)).to_pylist() == [trim(value) for value in values]
    narrow = [value for value in values if not has_wide_spaces(value.encode())]
    assert trimmed(pa.array(narrow), wide=False).to_pylist() == [trim(value) for value in narrow]
    assert len(narrow) > 1_000_000


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=6), max_size=5), st.sampled_from(Case))
def test_letters_are_turned_as_those_of_single_values(values: list[str], case: Case) -> None:
    assert in_case_all(pa.array(values, pa.string()), case).to_pylist() == [in_case(value, case) for value in values]
