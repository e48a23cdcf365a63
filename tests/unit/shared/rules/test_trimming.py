import sys

import pytest

from shared.rules.trimming import is_blank, trim

# Unicode's PropList.txt, White_Space.
WHITE_SPACE = [
    *(*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680),
    *(*range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000),
]


def test_every_code_point_is_trimmed_if_and_only_if_it_is_white_space() -> None:
    taken = [code for code in range(sys.maxunicode + 1) if trim(f"{chr(code)}x{chr(code)}") == "x"]
    assert taken == WHITE_SPACE


@pytest.mark.parametrize("code", [0x1C, 0x1D, 0x1E, 0x1F, 0x200B, 0xFEFF, 0])
def test_separators_and_zero_width_characters_are_data(code: int) -> None:
    assert trim(f" {chr(code)} ") == chr(code)
    assert not is_blank(chr(code))


def test_white_space_inside_stays() -> None:
    assert trim("\u00a0 a \t b\n") == "a \t b"


@pytest.mark.parametrize("value", ["", " ", "\t\u3000\u0085"])
def test_blank(value: str) -> None:
    assert is_blank(value)
