"""Fresh random 9-digit codes, for imports that generate their unique ids."""

import random
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from shared.errors import UserError

SMALLEST: Final = 100_000_000
LARGEST: Final = 999_999_999
_ALL: Final = LARGEST - SMALLEST + 1
_FITTING: Final = 2**32 // _ALL * _ALL
"""Drawn numbers below this fall on all codes alike."""


def draw_codes(count: int, taken: pa.Array, source: random.Random) -> pa.Array:
    """Return `count` different codes that are not among `taken`, drawn from `source`; both as uint32.

    UserError `codes_exhausted` where fewer than half of all codes would stay free: drawing would take ever longer.
    """
    if count + len(taken) > (LARGEST - SMALLEST) // 2:
        raise UserError("codes_exhausted", "The manager has too many contacts for 9-digit unique ids.")
    codes = pa.array([], pa.uint32())
    while len(codes) < count:
        # Some do not fit, or were drawn before.
        drawn = _fitting((count - len(codes)) * 5 // 4 + 16, source)
        fresh = drawn.filter(pc.invert(pc.is_in(drawn, taken)))
        codes = pc.unique(pa.concat_arrays([codes, fresh]))
    return codes.slice(0, count)


def _fitting(count: int, source: random.Random) -> pa.Array:
    """Draw so many numbers and return those that fit, as codes."""
    drawn = pa.Array.from_buffers(pa.uint32(), count, [None, pa.py_buffer(source.randbytes(4 * count))])
    drawn = drawn.filter(pc.less(drawn, pa.scalar(_FITTING, pa.uint32())))
    every = pa.scalar(_ALL, pa.uint32())
    rest = pc.subtract(drawn, pc.multiply(pc.divide(drawn, every), every))
    return pc.add(rest, pa.scalar(SMALLEST, pa.uint32()))
