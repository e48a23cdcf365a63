"""How much a text looks as if it had been decoded rightly: its characters beyond ASCII, and what stands around them."""

import unicodedata
from collections.abc import Callable
from typing import Final

from shared.rules.charset import charset_name

_WESTERN: Final = frozenset("äöüßéèêëàâçñóíáúõãåøæœìòùîïôûÄÖÜÉÈÀÇÑÓÁÍÚÅØÆ")
_OTHER_LATIN: Final = frozenset("čšžřěůýťďňőűąćęłńśźżășțşţğıİšžūėįųāēīģķļņČŠŽŘĚŮÝŤĎŇŐŰĄĆĘŁŃŚŹŻĂȘȚŞŢĞðþÐÞ")
_SIGNS: Final = frozenset("\u2019\u2018“”„\u2013—…€«»°§£·№²³®™¿¡\u00a0")
_OF_FIGURES: Final = frozenset("€°§£·№²³")
"""Signs that stand beside figures, not letters."""
_COMMON: Final[dict[str, frozenset[str]]] = {
    "CYRILLIC": frozenset("оеаинтсрвлкмд"),
    "GREEK": frozenset("αοιετσνηυρπκςόίάέ"),
    "HEBREW": frozenset("יוהלארתבמשנ"),
    "ARABIC": frozenset("اليمونرتبةعد"),
    "THAI": frozenset("านรอกเงมยลวสท"),
}
_RUN: Final = 3
# First bytes of the characters that each standard counts among the most common.
_COMMON_LEADS: Final = {"euc_jp": range(0xB0, 0xD0), "gb2312": range(0xB0, 0xD8), "big5": range(0xA4, 0xC7)}


def plausibility(text: str, encoding: str) -> float:
    """Return from 0 (certainly wrong) to 1 what the characters beyond ASCII are worth on the average."""
    marks = [place for place, sign in enumerate(text) if sign > "\x7f"]
    if not marks:
        return 1.0
    weigh = _EAST_ASIAN.get(charset_name(encoding), _alphabetic)
    worth = sum(weigh(text, place) for place in marks) / len(marks)
    has_kana = any("\u3040" <= sign <= "\u30ff" for sign in text)
    if charset_name(encoding) == ("gb18030" if has_kana else "euc_jp"):
        worth *= 0.7  # Japanese is hardly written without kana, and Chinese not with them
    return max(0.0, worth)


def _alphabetic(text: str, place: int) -> float:  # noqa: PLR0911 - one for each sort of sign
    sign = text[place]
    before = text[place - 1] if place else " "
    after = text[place + 1] if place + 1 < len(text) else " "
    if sign in _SIGNS:
        if sign in _OF_FIGURES and (before.isalpha() or after.isalpha()):
            return 0.1
        inside = before.isalpha() and after.isalpha()
        return 0.1 if inside and sign not in "\u2019\u00a0" else 0.7
    category = unicodedata.category(sign)
    if not category.startswith(("L", "M")):
        if category in ("Cc", "Cn", "Co"):
            return -1.0
        return 0.0 if before.isalpha() or after.isalpha() else 0.3
    if sign.isupper() and before.isalpha() and (before.islower() or after.islower()):
        return -0.3  # a capital within a word
    script = unicodedata.name(sign, "").partition(" ")[0]
    if script in _COMMON:
        apart = (before.isascii() and before.isalpha()) or (after.isascii() and after.isalpha())
        return -0.2 if apart else 1.0 if sign.lower() in _COMMON[script] else 0.6
    if script != "LATIN":
        return 0.0
    run = text[max(0, place - _RUN + 1) : place + _RUN]
    if sum(one > "\x7f" and one.isalpha() for one in run) >= _RUN:
        return -0.2  # no language writes so many letters with accents in a row
    return 1.0 if sign in _WESTERN else 0.85 if sign in _OTHER_LATIN else 0.2


def _east_asian(common: Callable[[str], float]) -> Callable[[str, int], float]:
    def weigh(text: str, place: int) -> float:
        sign = text[place]
        if "\u3000" <= sign <= "\u303f" or "\uff01" <= sign <= "\uff5e":
            return 0.7
        if unicodedata.category(sign) in ("Cc", "Cn", "Co"):
            return -1.0
        return common(sign)

    return weigh


def _is_common(sign: str, encoding: str) -> bool:
    data = sign.encode(encoding, "ignore")
    return len(data) > 1 and data[0] in _COMMON_LEADS[encoding]


def _japanese(sign: str) -> float:
    if "\u3040" <= sign <= "\u30ff":
        return 1.0
    if "\uff61" <= sign <= "\uff9f":
        return 0.2  # half the width, and each of one byte
    return 0.9 if _is_common(sign, "euc_jp") else 0.2


def _simplified(sign: str) -> float:
    if "\u3040" <= sign <= "\u30ff":
        return 0.1
    return 0.9 if _is_common(sign, "gb2312") else 0.4 if sign.encode("gb2312", "ignore") else 0.1


def _traditional(sign: str) -> float:
    return 0.88 if _is_common(sign, "big5") else 0.3 if sign.encode("big5", "ignore") else 0.1


def _korean(sign: str) -> float:
    return 1.0 if "\uac00" <= sign <= "\ud7a3" else 0.1


_EAST_ASIAN: Final = {
    **dict.fromkeys(("shift_jis", "cp932", "euc_jp"), _east_asian(_japanese)),
    "gb18030": _east_asian(_simplified),
    "big5": _east_asian(_traditional),
    "euc_kr": _east_asian(_korean),
}
