"""Which encoding a file is in: its byte order mark, else strict UTF-8, else suggestions that never decide alone."""

import codecs
from dataclasses import dataclass, field
from typing import Final

import charset_normalizer

from services.parser.domain.plausibility import plausibility
from shared.errors import UserError
from shared.rules.charset import charset_name
from shared.rules.file_text import marked_encoding

_CANDIDATES: Final = (  # of equal ones the first is taken
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "cp1255", "cp1256", "iso8859-1", "iso8859-15"),
    *("iso8859-2", "iso8859-7", "mac-roman", "cp850", "cp437", "cp852", "koi8-r", "cp866", "cp874"),
    *("shift_jis", "cp932", "euc_jp", "gb18030", "big5", "euc_kr"),
)
_SUGGESTED: Final = 5
_LEAST: Final = 0.15
_HINT: Final = 0.05
"""What the library's word counts, on a scale of which 1 is certain: enough to part what is alike."""
_LOOKED_AT: Final = 64 * 1024
_MOST_BINARY: Final = 0.02
_FEW_CONTROLS: Final = 3
"""So many in a short file are errors of their rows, as they are in a run."""
_MOST_BROKEN: Final = 0.1
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b\x1c\x1d\x1e\x1f\x01"))
_FORMATS: Final = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
    (b"SQLite format 3", "a database"),
    (b"{\\rtf", "a text with formats (RTF)"),
)
_ISO_2022: Final = (b"\x1b$B", b"\x1b$@", b"\x1b(J")


@dataclass(frozen=True)
class EncodingFinding:
    """The encoding to read the sample in; `suggested` are the likely ones where a person has to confirm it."""

    encoding: str
    reason: str
    confirm: bool = False
    suggested: list[tuple[str, str]] = field(default_factory=list)


def detect_encoding(sample: bytes, *, is_whole: bool) -> EncodingFinding:  # noqa: PLR0911 - one for each finding
    """Return what a file's first bytes tell; UserError `file_not_text` where they are no text in any encoding."""
    marked = marked_encoding(sample)
    if marked:
        return EncodingFinding(marked, f"The file begins with the byte order mark of {marked.upper()}.")
    wide = _wide(sample)
    if wide:
        reason = f"Every other byte is zero, as in {wide.upper()}; the file has no byte order mark that would say so."
        return EncodingFinding(wide, reason, confirm=True, suggested=[(wide, reason)])
    refuse_formats(sample)
    controls = len(sample[:_LOOKED_AT]) - len(sample[:_LOOKED_AT].translate(None, _CONTROLS))
    if controls > max(_FEW_CONTROLS, len(sample[:_LOOKED_AT]) * _MOST_BINARY):
        raise _not_text("It holds bytes that stand in no text")
    if any(mark in sample for mark in _ISO_2022):
        reason = "There are escape sequences as in ISO-2022-JP."
        return EncodingFinding("iso2022_jp", reason, confirm=True, suggested=[("iso2022_jp", reason)])
    good, bad = _utf8_signs(sample, is_whole=is_whole)
    if not bad:
        if good:
            return EncodingFinding("utf-8", "All bytes are valid UTF-8, and some stand for more than ASCII.")
        part = "The file" if is_whole else "The part that was read"
        return EncodingFinding("utf-8", f"{part} is plain ASCII, which UTF-8 includes.")
    suggested = suggest_encodings(sample)
    if bad <= good * _MOST_BROKEN:
        reason = f"{good:,} characters are valid UTF-8, and {bad:,} bytes are not: their rows are damaged."
        return EncodingFinding("utf-8", reason, confirm=True, suggested=[("utf-8", reason), *suggested])
    if not suggested:
        reason = "The bytes are not UTF-8, nor text in any other encoding that was tried."
        return EncodingFinding("utf-8", reason, confirm=True)
    encoding = suggested[0][0]
    reason = f"The bytes are not UTF-8. {suggested[0][1]} This is a guess: look at the words below, and confirm it."
    return EncodingFinding(encoding, reason, confirm=True, suggested=suggested)


def suggest_encodings(sample: bytes) -> list[tuple[str, str]]:
    """Return encodings that the bytes may be in, the likeliest first, each with the reason; some may be equal."""
    part = _lines_beyond_ascii(sample)
    hint = _hint(part)
    scores: dict[str, float] = {}
    texts: set[str] = set()
    for encoding in dict.fromkeys([*_CANDIDATES, *([hint] if hint else [])]):
        try:
            text = part.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text in texts:
            continue  # reads the same as one that is more usual
        score = plausibility(text, encoding) + (_HINT if encoding == hint else 0.0)
        if score >= _LEAST:
            texts.add(text)
            scores[encoding] = score
    ranked = sorted(scores, key=lambda name: -scores[name])[:_SUGGESTED]
    return [(name, f"Read as {name} its words look {_words(scores[name])}.") for name in ranked]


def _words(score: float) -> str:
    steps = ((0.85, "right"), (0.6, "likely"), (0.4, "possible"))
    return next((words for least, words in steps if score >= least), "unlikely")


def _wide(sample: bytes) -> str | None:
    """Return the wide encoding whose zeros the sample shows."""
    part = sample[: _LOOKED_AT - _LOOKED_AT % 4]
    part = part[: len(part) - len(part) % 4] or part
    quarter = max(1, len(part) // 4)
    zeros = [part[place::4].count(0) / quarter for place in range(4)]
    most, least = 0.4, 0.02
    for encoding, pair in (("utf-32-le", zeros[2:]), ("utf-32-be", zeros[:2])):
        if min(pair) > 1 - least and _decodes(part, encoding):
            return encoding
    even, odd = (zeros[0] + zeros[2]) / 2, (zeros[1] + zeros[3]) / 2
    for encoding, high, low in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if (high > most and low < least and _decodes(part, encoding)) or (
            high > least and low == 0 and _has_wide_lines(part, encoding)
        ):
            return encoding
    return None


def _has_wide_lines(part: bytes, encoding: str) -> bool:
    """Tell whether a text with few zeros, as in Chinese, is of that width: its line ends and signs are."""
    if not _decodes(part, encoding):
        return False
    text = part.decode(encoding, "ignore")
    return "\n" in text or "\r" in text


def _decodes(part: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)("strict").decode(part, final=False)
    except UnicodeError:
        return False
    return True


def refuse_formats(sample: bytes) -> None:
    """Refuse what says of itself that it is something else; UserError `file_not_text`."""
    known = next((what for mark, what in _FORMATS if sample.startswith(mark)), None)
    if known:
        raise _not_text(f"It is {known}")


def _not_text(what: str) -> UserError:
    return UserError("file_not_text", f"The file is not a text file. {what}: export the list as CSV first.")


def _utf8_signs(sample: bytes, *, is_whole: bool) -> tuple[int, int]:
    """Return how many characters beyond ASCII are valid UTF-8, and how many bytes are not; a cut sign is neither."""
    if sample.isascii():
        return 0, 0
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    text = decoder.decode(sample, final=is_whole)
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    escaped = len(text) - len(text.encode("utf-8", "ignore").decode())
    return beyond - escaped, escaped


def _lines_beyond_ascii(sample: bytes) -> bytes:
    """Return the lines that tell something of the encoding, up to a limit, without a last one that may be cut."""
    lines = sample.splitlines(keepends=True)
    whole = lines if sample.endswith((b"\n", b"\r")) else lines[:-1] or lines
    told = [line for line in whole if not line.isascii()] or lines
    part = b"".join(told)
    return part if len(part) <= _LOOKED_AT else part[: part.rfind(b"\n", 0, _LOOKED_AT) + 1] or part[:_LOOKED_AT]


def _hint(part: bytes) -> str | None:
    best = charset_normalizer.from_bytes(part[: _LOOKED_AT // 4], cp_exclusion=["utf_8"]).best()
    return charset_name(best.encoding) if best else None
