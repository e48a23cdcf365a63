"""Signs that nobody sees, such as a second byte order mark: a name with one looks like another, and is not."""

import re
import unicodedata
from typing import Final

_CATEGORIES: Final = frozenset({"Cc", "Cf", "Zl", "Zp"})


def is_invisible(sign: str) -> bool:
    """Tell whether a character is shown as nothing at all; white space is not among them."""
    return unicodedata.category(sign) in _CATEGORIES and not sign.isspace()


def made_visible(text: str) -> str:
    r"""Return a text with its invisible signs written out, such as `\ufeff`; those inside a word of letters stay.

    Persian and Indian scripts need some between letters.
    """
    return re.sub(
        r"\S+",
        lambda word: "".join(
            f"\\u{ord(sign):04x}" if is_invisible(sign) and not _is_inside(word[0], place) else sign
            for place, sign in enumerate(word[0])
        ),
        text,
    )


def _is_inside(word: str, place: int) -> bool:
    around = word[place - 1 : place] + word[place + 1 : place + 2]
    return word[place] in "\u200c\u200d" and len(around) > 1 and not any(map(is_invisible, around))
