"""Which delimiter and quote a file has, and why, in words."""

import io
import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import Final

from services.parser.domain.detection_trials import TRIAL_BYTES, Trial, attempt, cleanness
from shared.rules.charset import decode
from shared.rules.dialect import Dialect, usual_delimiter
from shared.rules.line_ends import line_starts

_WORTH: Final = {",": 1.0, ";": 1.0, "\t": 1.0, "|": 0.98, ":": 0.6, " ": 0.6}
"""What a delimiter's score counts: people use some more than others."""
_WORTH_OF_OTHERS: Final = 0.9
_ONE_COLUMN: Final = 0.35
_NAMES: Final = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Pipe", " ": "Space", ":": "Colon"}
_QUOTES: Final = ('"', "'")
_OTHERS: Final = re.compile(r"[^\w\s\"'.@+()/&,;:\ud800-\udfff\0-]{1,8}|[\x01\x1c-\x1f]")
_OTHERS_TRIED: Final = 6
_LINES: Final = 100
_CLOSED: Final = 0.9
_LEAST_LINES_WITH: Final = 0.5
"""A cell in quotes may have lines of its own."""
_SEP_LINE: Final = re.compile(r'\ufeff?"?sep=([^\r\n\0\ud800-\udfff])"?\r?\n?', re.IGNORECASE | re.DOTALL)
_CLEARLY: Final = 0.002
_CLOSE: Final = 0.6
"""Beside a delimiter whose score is this part of the best one's, that is a guess."""


@dataclass(frozen=True)
class DialectFinding:
    """A delimiter and quote, with the reason for each, and the trial that showed them."""

    trial: Trial
    delimiter_reason: str
    quote_reason: str
    skip_lines: int = 0
    """1 where the first line says what the delimiter is, as Excel writes it."""
    confirm: bool = False
    """Another delimiter would do nearly as well."""


def delimiter_name(delimiter: str) -> str:
    """Return what people call a delimiter."""
    return _NAMES.get(delimiter) or f"“{delimiter.encode('unicode_escape').decode() if delimiter < ' ' else delimiter}”"


def detect_dialect(
    text: bytes, encoding: str, chosen: Dialect, *, given: frozenset[str], is_whole: bool
) -> DialectFinding:
    """Return delimiter and quote of a text; of `chosen` what is `given` holds."""
    if len(text) > TRIAL_BYTES:
        text, is_whole = text[:TRIAL_BYTES], False
    said = _SEP_LINE.fullmatch(decode(text[: line_starts(text)[1]], encoding)) if text else None
    if said and not given & {"delimiter", "skip_lines"} and _is_possible(said[1], chosen, given):
        trials = _trials(text, encoding, [said[1]], _with(chosen, skip_lines=1), given, is_whole=is_whole)
        reason = f"{delimiter_name(said[1])}: the first line says so, as Excel writes it."
        return DialectFinding(trials[0], reason, _quote_reason(trials[0], given), skip_lines=1)
    if "delimiter" in given:
        trial = _trials(text, encoding, [chosen.delimiter], chosen, given, is_whole=is_whole)[0]
        return DialectFinding(trial, "As you chose.", _quote_reason(trial, given))
    sample = decode(text, encoding)
    delimiters = [*_WORTH, *_others(sample)]
    possible = [each for each in delimiters if each in sample and _is_possible(each, chosen, given)]
    trials = _trials(text, encoding, possible, chosen, given, is_whole=is_whole)
    lines = cleanness([[line] for line in _lines(sample)])
    if not trials or trials[0].score <= lines * _ONE_COLUMN:
        unused = [each for each in _WORTH if each not in sample and _is_possible(each, chosen, given)]
        is_blank = not sample.strip("".join(_WORTH) + "\r\n")
        delimiter = unused[0] if unused and not is_blank else usual_delimiter(chosen.quote, chosen.comment)
        one = _trials(text, encoding, [delimiter], chosen, given, is_whole=is_whole)[0]
        best = next((trial for trial in trials[:1] if trial.width > 1 and trial.fitting == trial.counted), None)
        why = (
            f"; {delimiter_name(best.delimiter).lower()} would part all rows into {best.width}"
            if best
            else ", as no sign parts its rows evenly"
        )
        reason = f"{delimiter_name(delimiter)}: the file seems to have one column{why}."
        return DialectFinding(one, reason, _quote_reason(one, given), confirm=best is not None)
    is_close = len(trials) > 1 and trials[1].score > trials[0].score * _CLOSE
    return DialectFinding(trials[0], _delimiter_reason(trials), _quote_reason(trials[0], given), confirm=is_close)


def _is_possible(delimiter: str, chosen: Dialect, given: frozenset[str]) -> bool:
    """Tell whether a delimiter goes with the quote and the sign of comments that were chosen."""
    if "quote" in given and chosen.quote in delimiter:
        return False
    return chosen.comment is None or not delimiter.startswith(chosen.comment)


def _with(dialect: Dialect, **changes: object) -> Dialect:
    fields = {name: getattr(dialect, name) for name in Dialect.__dataclass_fields__}
    return Dialect(**fields | changes)


def _trials(
    text: bytes, encoding: str, delimiters: list[str], chosen: Dialect, given: frozenset[str], *, is_whole: bool
) -> list[Trial]:
    """Return the best trial for each delimiter, the best first."""
    trials = []
    for delimiter in delimiters:
        quotes = (chosen.quote,) if "quote" in given else _QUOTES
        best: Trial | None = None
        for quote in quotes:
            if quote in delimiter or (best is not None and not _quotes_cells(text, delimiter, quote, encoding)):
                continue
            worth = _WORTH.get(delimiter, _WORTH_OF_OTHERS)
            trial = attempt(
                text, encoding, _with(chosen, delimiter=delimiter, quote=quote), is_whole=is_whole, worth=worth
            )
            if best is None or trial.score > best.score + _CLEARLY:
                best = trial
        if best is not None:
            trials.append(best)
    return sorted(trials, key=lambda trial: -trial.score)


def _quotes_cells(text: bytes, delimiter: str, quote: str, encoding: str) -> bool:
    """Tell whether cells begin with a quote and end with one, most of those that begin with it."""
    sign, quoted = re.escape(delimiter), re.escape(quote)
    sample = "\n".join(decode(text, encoding).splitlines())
    opened = len(re.findall(rf"(?:^|{sign}){quoted}", sample, re.MULTILINE))
    closed = len(re.findall(rf"{quoted}(?:{sign}|$)", sample, re.MULTILINE))
    return bool(opened) and closed >= opened * _CLOSED


def _others(sample: str) -> list[str]:
    """Return runs of other signs that stand in nearly every line, the most common first."""
    lines = _lines(sample)
    runs = Counter(run for line in lines for run in set(_OTHERS.findall(line)))
    least = len(lines) * _LEAST_LINES_WITH
    found = [
        run for run, _ in runs.most_common(20) if run not in _WORTH and sum(run in line for line in lines) >= least
    ]
    return found[:_OTHERS_TRIED]


def _lines(sample: str) -> list[str]:
    return [line for line in islice(io.StringIO(sample, newline=None), 2 * _LINES) if line.strip()][:_LINES]


def _delimiter_reason(trials: list[Trial]) -> str:
    best = trials[0]
    rows = f"all {best.counted}" if best.fitting == best.counted else f"{best.fitting} of {best.counted}"
    reason = f"{delimiter_name(best.delimiter)}: splits {rows} rows into {best.width} columns"
    other = next((trial for trial in trials[1:] if trial.delimiter in _WORTH or trial.score), None)
    if other is None:
        return f"{reason}; no other sign does."
    widths = f"{other.narrowest} to {other.widest}" if other.narrowest != other.widest else str(other.widest)
    return f"{reason}; {delimiter_name(other.delimiter).lower()} would give {widths}."


def _quote_reason(trial: Trial, given: frozenset[str]) -> str:
    if "quote" in given:
        return "As you chose."
    return "The usual one." if trial.quote == '"' else "Cells begin and end with it, and none with a double quote."
