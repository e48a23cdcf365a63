"""Fresh random 9-digit codes, for imports that generate their unique ids."""

import random
from collections.abc import Collection

from shared.errors import UserError

SMALLEST, LARGEST = 100_000_000, 999_999_999


def draw_codes(count: int, taken: Collection[str], source: random.Random) -> list[str]:
    """Return `count` different codes that are not among `taken`, drawn from `source`.

    UserError `codes_exhausted` where fewer than half of all codes would stay free: drawing would take ever longer.
    """
    if count + len(taken) > (LARGEST - SMALLEST) // 2:
        raise UserError("codes_exhausted", "The manager has too many contacts for 9-digit unique ids.")
    used = set(taken)
    codes: list[str] = []
    while len(codes) < count:
        code = str(source.randint(SMALLEST, LARGEST))
        if code not in used:
            used.add(code)
            codes.append(code)
    return codes
