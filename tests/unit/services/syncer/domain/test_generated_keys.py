import random

import pyarrow as pa
import pytest

from services.syncer.domain.generated_keys import LARGEST, SMALLEST, draw_codes
from shared.errors import UserError

NONE = pa.array([], pa.uint32())


def test_codes_have_nine_digits_and_are_fresh() -> None:
    first = draw_codes(1_000, NONE, random.Random(1))
    assert len(set(first.to_pylist())) == 1_000
    assert all(SMALLEST <= code <= LARGEST for code in first.to_pylist())
    again = draw_codes(1_000, first, random.Random(1))
    assert not set(again.to_pylist()) & set(first.to_pylist())


def test_all_codes_are_as_likely() -> None:
    codes = draw_codes(100_000, NONE, random.Random(1)).to_pylist()
    tenths = [sum((code - SMALLEST) // 90_000_000 == tenth for code in codes) for tenth in range(10)]
    assert all(9_500 < count < 10_500 for count in tenths)


def test_what_is_drawn_twice_is_drawn_again() -> None:
    class Repeating(random.Random):
        def randbytes(self, n: int) -> bytes:
            return super().randbytes(4) * (n // 4 - 4) + super().randbytes(16)

    codes = draw_codes(20, NONE, Repeating(1)).to_pylist()
    assert len(set(codes)) == 20


def test_codes_can_run_out() -> None:
    with pytest.raises(UserError) as error:
        draw_codes((LARGEST - SMALLEST) // 2 + 1, NONE, random.Random(1))
    assert error.value.code == "codes_exhausted"
