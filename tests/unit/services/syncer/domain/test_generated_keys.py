import random

import pytest

from services.syncer.domain.generated_keys import LARGEST, SMALLEST, draw_codes
from shared.errors import UserError


def test_codes_have_nine_digits_and_are_fresh() -> None:
    first = draw_codes(1_000, [], random.Random(1))
    assert len(set(first)) == 1_000
    assert all(len(code) == 9 and code.isdigit() for code in first)
    again = draw_codes(1_000, first, random.Random(1))
    assert not set(again) & set(first)


def test_codes_can_run_out() -> None:
    with pytest.raises(UserError) as error:
        draw_codes((LARGEST - SMALLEST) // 2 + 1, [], random.Random(1))
    assert error.value.code == "codes_exhausted"
