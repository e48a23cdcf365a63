"""Trimming of white space, the one way it is done everywhere."""

from typing import Final

# Unicode's White_Space property. `str.strip()` without it also takes U+001C to U+001F, which are data.
WHITE_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def trim(value: str) -> str:
    """Return `value` without Unicode White_Space at its ends."""
    return value.strip(WHITE_SPACE)


def is_blank(value: str) -> bool:
    """Tell whether `value` is empty or nothing but Unicode White_Space."""
    return not value.strip(WHITE_SPACE)
