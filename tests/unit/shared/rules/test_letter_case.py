"""Letters in another case, in composed and decomposed text alike."""

import unicodedata
from typing import Literal

import pytest

from shared.rules.letter_case import Case, in_case

TITLES = [
    ("müller-lüdenscheidt", "Müller-Lüdenscheidt"),
    ("ÉCOLE DE L'ÎLE", "École De L'Île"),
    ("o'brien DON'T d'é", "O'Brien Don't D'é"),
    ("NAÏVE 1a x_y", "Naïve 1A X_Y"),
    ("ßa ǆa", "Ssa ǅa"),
    ("ΟΔΟΣ ΩΣ", "Οδος Ως"),
    ("İZMİR", "İzmi̇r"),
]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize(("value", "title"), TITLES)
def test_titles(value: str, title: str, form: Literal["NFC", "NFD"]) -> None:
    assert in_case(unicodedata.normalize(form, value), Case.TITLE) == unicodedata.normalize(form, title)


def test_small_letters_and_capitals() -> None:
    assert in_case("Straße", Case.LOWER) == "straße"
    assert in_case("Straße", Case.UPPER) == "STRASSE"
