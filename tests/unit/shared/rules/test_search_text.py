"""What a value is found by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.rules.search_text import SEARCHED_CHARACTERS, search_text
from shared.rules.trimming import trim


@pytest.mark.parametrize(
    ("value", "found_by"),
    [
        ("", ""),
        (" \u2003\t", ""),
        (" Ann Lee\n", "ann lee"),
        ("Müller", "muller"),
        ("MU\u0308LLER", "muller"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("Ångström", "angstrom"),
        ("\u212bngstr\xf6m", "angstrom"),
        ("İstanbul", "istanbul"),
        ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
        ("Σίσυφος", "σισυφοσ"),
        ("Ёлкин", "елкин"),
        ("हिन्दी", "हिन्दी"),
        ("a\x1cb", "a\x1cb"),
        ("50 %_x\\", "50 %_x\\"),
    ],
)
def test_case_accents_and_white_space_at_the_ends_do_not_count(value: str, found_by: str) -> None:
    assert search_text(value) == found_by


def test_a_syllable_that_is_being_typed_is_found() -> None:
    assert search_text("각").startswith(search_text("가"))


@pytest.mark.parametrize("character", ["x", "ß", "é", "각", "\U0001f600", "\ufdfa"])
def test_long_values_are_cut(character: str) -> None:
    text = search_text(character * 500_000)
    assert len(text) == SEARCHED_CHARACTERS
    assert len(text.encode()) <= 4 * SEARCHED_CHARACTERS


@given(st.text(), st.text())
def test_what_begins_with_a_text_is_found_by_it(beginning: str, rest: str) -> None:
    whole = trim(beginning + rest)
    wanted = trim(beginning)
    if whole.startswith(wanted):
        assert search_text(whole).startswith(search_text(wanted))


@given(st.text())
def test_a_folded_text_is_found_by_itself(value: str) -> None:
    assert search_text(search_text(value)) == search_text(trim(search_text(value)))
