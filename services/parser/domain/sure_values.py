"""Trimming, letters and kinds of a whole column at once; what is not certain is asked of `shared.rules`."""

from functools import lru_cache
from typing import Final

import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from shared.rules.kinds import Kind, Notation, check
from shared.rules.letter_case import Case, in_case
from shared.rules.trimming import WHITE_SPACE

# Both below are parts of what `kinds.check` takes, which the tests compare.
_LONGEST_SURE_EMAIL: Final = 64
# Letters of Latin, Greek, Cyrillic, kana, Chinese characters and Hangul.
_LETTERS: Final = (
    r"A-Za-z\x{c0}-\x{d6}\x{d8}-\x{f6}\x{f8}-\x{24f}\x{1e00}-\x{1eff}\x{3b1}-\x{3ce}\x{400}-\x{481}"
    r"\x{3041}-\x{3096}\x{30a1}-\x{30fa}\x{4e00}-\x{9fef}\x{ac00}-\x{d7a3}"
)
_ATOM: Final = rf"[{_LETTERS}0-9!#$%&'*+/=?^_`{{|}}~-]+"
_SURE_EMAIL: Final = rf"^(?:{_ATOM}(?:\.{_ATOM})*@(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+[A-Za-z]{{2,63}})?$"
_NUMBERS: Final = {
    ".": r"^(?:[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))?$",
    ",": r"^(?:[+-]?(?:[0-9]+(?:,[0-9]*)?|,[0-9]+))?$",
}
_BEGINNINGS: Final = 256
"""Of so many phone numbers at first."""
_WIDE_SPACE_LEADS: Final = tuple({space.encode()[:1] for space in WHITE_SPACE if not space.isascii()})


def has_wide_spaces(text: bytes) -> bool:
    """Tell whether a text in UTF-8 may hold White_Space that is not ASCII's."""
    return not text.isascii() and any(lead in text for lead in _WIDE_SPACE_LEADS)


def trimmed(values: pa.Array, *, wide: bool = True) -> pa.Array:
    """Return the values without Unicode White_Space at their ends; `wide`: not only ASCII's may be there."""
    # UTF-8's takes a little more than White_Space, so what it leaves alone needs no trimming; it is far faster.
    narrow = pc.utf8_trim_whitespace(values) if wide else pc.ascii_trim_whitespace(values)
    if narrow.equals(values):
        return values
    return pc.utf8_trim(values, WHITE_SPACE) if wide else narrow


def in_case_all(values: pa.Array, case: Case) -> pa.Array:
    """Return the values with their letters in that case."""
    if case is not Case.TITLE and pc.all(pc.string_is_ascii(values)).as_py():
        return pc.ascii_lower(values) if case is Case.LOWER else pc.ascii_upper(values)
    return pa.array([in_case(value, case) for value in values.to_pylist()], pa.string())


def taken(values: pa.Array, kind: Kind, notation: Notation) -> pa.Array | None:
    """Tell of each value whether its kind takes it; None: every one is taken."""
    sure = _sure(values, kind, notation)
    if sure is not None and not sure.false_count:
        return None
    asked = pc.unique(values if sure is None else pc.filter(values, pc.invert(sure))).to_pylist()
    good = [value for value in asked if check(kind, value, notation) is None]
    if len(good) == len(asked):
        return None
    known = pc.is_in(values, pa.array(good, pa.string()))
    return known if sure is None else pc.or_(sure, known)


def _sure(values: pa.Array, kind: Kind, notation: Notation) -> pa.Array | None:
    """Tell of which values it is sure that their kind takes them; None: of none."""
    match kind:
        case Kind.EMAIL:
            sure = pc.match_substring_regex(values, _SURE_EMAIL)
            lengths = pc.binary_length(values)
            if (pc.max(lengths).as_py() or 0) > _LONGEST_SURE_EMAIL:
                sure = pc.and_(sure, pc.less_equal(lengths, _LONGEST_SURE_EMAIL))
            return sure
        case Kind.PHONE:
            return _sure_phones(values)
        case Kind.NUMBER:
            sure = pc.ascii_is_decimal(values)
            return pc.match_substring_regex(values, _NUMBERS[notation.decimal_separator]) if sure.false_count else sure
        case _:  # dates repeat: each is asked for once
            return None


def _sure_phones(values: pa.Array) -> pa.Array:
    # The numbers of a file begin alike; others are looked at by what they begin with.
    sure = pc.match_substring_regex(values, sure_phone(_beginnings(values[:_BEGINNINGS])))
    if sure.false_count:
        left = pc.invert(sure)
        others = pc.filter(values, left)
        sure = pc.replace_with_mask(sure, left, pc.match_substring_regex(others, sure_phone(_beginnings(others))))
    return sure


def _beginnings(values: pa.Array) -> frozenset[str]:
    return frozenset(pc.unique(pc.utf8_slice_codeunits(values, 0, 4)).to_pylist())


@lru_cache(maxsize=64)
def sure_phone(beginnings: frozenset[str]) -> str:
    """Return a pattern of international numbers that are surely possible: a calling code and a usual length.

    It holds for values that begin so, in four characters: a pattern of all countries takes long to compile.
    """
    codes = {beginning[1:length] for beginning in beginnings for length in (2, 3, 4) if beginning.startswith("+")}
    shapes = [f"{code}{shape}" for code, shape in _phone_shapes().items() if code in codes]
    return rf"^(?:\+(?:{'|'.join(shapes)}))?$" if shapes else "^$"


@lru_cache(maxsize=1)
def _phone_shapes() -> dict[str, str]:
    """Return by calling code a pattern of what may follow it.

    Only countries whose own prefix is one digit, or none, and numbers that do not begin with it.
    """
    shapes: dict[str, str] = {}
    for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(regions[0], None)
        prefix = (metadata.national_prefix_for_parsing or "") if metadata else ""
        if metadata is None or metadata.general_desc is None or not (len(prefix) <= 1 and prefix in "0123456789"):
            continue
        first = "".join(digit for digit in "123456789" if digit != prefix)
        lengths = sorted(length for length in metadata.general_desc.possible_length if length > 1)
        if lengths:
            rest = "|".join(rf"(?:[ -]?[0-9]){{{length - 1}}}" for length in lengths)
            shapes[str(code)] = rf"[ -]?[{first}](?:{rest})"
    return shapes
