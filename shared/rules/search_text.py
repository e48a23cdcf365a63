"""How a text is folded so that people find it: letter case, accents and white space at its ends don't count."""

import re
import unicodedata
from typing import Final

from shared.rules.trimming import trim

SEARCHED_CHARACTERS: Final = 64
"""So many characters of a folded value can be found by; an index entry stays small whatever a contact holds."""
_FOLDED_AT_MOST: Final = 256
# The accents of Latin, Greek and Cyrillic letters; other scripts' marks are what tells words apart.
_ACCENTS: Final = re.compile("[\u0300-\u036f]+")


def search_text(value: str) -> str:
    """Return what a value is found by: that of a value begins with that of each of the value's beginnings.

    Decomposed, so that an accent that is typed later is not missing before.
    """
    begin = trim(value)[:_FOLDED_AT_MOST]
    if begin.isascii():
        return begin.lower()[:SEARCHED_CHARACTERS]
    decomposed = unicodedata.normalize("NFD", begin)
    folded = unicodedata.normalize("NFD", decomposed.casefold())
    return _ACCENTS.sub("", folded)[:SEARCHED_CHARACTERS]
