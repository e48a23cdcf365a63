"""A preview: the beginning of a file read as a run would read it, in the dialect that was chosen or detected."""

from dataclasses import dataclass, replace
from typing import Final

from services.parser.domain.detection_dialect import detect_dialect
from services.parser.domain.detection_encoding import EncodingFinding, detect_encoding, refuse_formats
from services.parser.domain.detection_header import detect_header, lines_before_table
from services.parser.domain.detection_trials import TRIAL_BYTES, rows_of
from services.parser.domain.preview_table import Sample, Table, read_table
from shared.events.previews import (
    DetectedDialect,
    FilePreview,
    FileSample,
    PreviewChoices,
    PreviewProblem,
    SuggestedEncoding,
)
from shared.rules.charset import decode, encode_escaped, has_escapes
from shared.rules.dialect import Dialect, usual_delimiter, validate_dialect
from shared.rules.file_text import TextDecoder, marked_encoding

_WORDS: Final = 5
_LONGEST_WORD: Final = 40
_CHOSEN: Final = "As you chose."


@dataclass(frozen=True)
class _Reading:
    """The sample as text, and how it is read."""

    sample: Sample
    encoding: EncodingFinding
    decoded_from: str
    confirm: list[str]
    reasons: dict[str, str]


def build_preview(data: bytes, about: FileSample, choices: PreviewChoices) -> FilePreview:
    """Return the preview of a file from its first bytes.

    UserError `file_not_text`, `file_has_no_rows`, `encoding_contradicts_mark`, or those of `validate_dialect`.
    """
    given = frozenset(name for name, value in choices if value is not None)
    chosen = _chosen(choices)
    validate_dialect(chosen)
    reading = _read(data, about, choices, chosen, given)
    table = read_table(reading.sample, choices)
    encodings = _suggested(reading, table)
    dialect = reading.sample.dialect
    return FilePreview(
        detected=DetectedDialect(
            delimiter=dialect.delimiter,
            quote=dialect.quote,
            encoding=reading.decoded_from,
            has_header=dialect.has_header,
            skip_lines=dialect.skip_lines,
            comment=dialect.comment,
            confirm=reading.confirm,
            reasons=reading.reasons,
            encodings=encodings,
        ),
        columns=table.names,
        details=table.details,
        rows=table.rows,
        problems=[*_encoding_problems(reading.encoding), *table.problems],
        rows_seen=table.rows_seen,
        is_whole=about.is_whole,
        file_name=about.file_name,
        file_bytes=about.file_bytes,
        file_modified=about.file_modified,
        host_key=about.host_key,
    )


def _chosen(choices: PreviewChoices) -> Dialect:
    quote = '"' if choices.quote is None else choices.quote
    return Dialect(
        delimiter=usual_delimiter(quote, choices.comment) if choices.delimiter is None else choices.delimiter,
        quote=quote,
        has_header=True if choices.has_header is None else choices.has_header,
        encoding=choices.encoding,
        skip_lines=choices.skip_lines or 0,
        comment=choices.comment,
    )


def _read(data: bytes, about: FileSample, choices: PreviewChoices, chosen: Dialect, given: frozenset[str]) -> _Reading:
    if choices.encoding is None:
        found = detect_encoding(data, is_whole=about.is_whole)
    else:
        refuse_formats(data)
        found = EncodingFinding(choices.encoding, _CHOSEN)
    # A mark has to be seen by the decoder itself, which takes it off.
    decoder = TextDecoder(choices.encoding or (None if marked_encoding(data) else found.encoding))
    text = decoder.feed(data)
    if about.is_whole or not text:
        text += decoder.finish()
    encoding = decoder.encoding
    dialects = detect_dialect(text, encoding, chosen, given=given, is_whole=about.is_whole)
    trial = dialects.trial
    reasons = {
        "encoding": found.reason,
        "delimiter": dialects.delimiter_reason,
        "quote": dialects.quote_reason,
        "skip_lines": _CHOSEN,
        "has_header": _CHOSEN,
    }
    confirm = [*(["encoding"] if found.confirm else []), *(["delimiter"] if dialects.confirm else [])]
    dialect = replace(chosen, delimiter=trial.delimiter, quote=trial.quote, encoding=None)
    if "skip_lines" not in given:
        lines, reasons["skip_lines"] = lines_before_table(trial.rows, trial.width)
        if dialects.skip_lines > lines:
            lines, reasons["skip_lines"] = dialects.skip_lines, "The first line is no row: it names the delimiter."
        elif lines:
            confirm += ["skip_lines"]
        dialect = replace(dialect, skip_lines=lines)
    if "has_header" not in given:
        beginning, is_whole = text, about.is_whole
        if len(text) > TRIAL_BYTES:
            beginning, is_whole = text[:TRIAL_BYTES], False
        head = detect_header(rows_of(beginning, encoding, dialect, is_whole=is_whole))
        dialect = replace(dialect, has_header=head.has_header)
        reasons["has_header"] = head.reason
        confirm += ["has_header"] if head.confirm else []
    sure_header = dialect.has_header and "has_header" not in confirm
    sample = Sample(text, encoding, dialect, is_whole=about.is_whole, has_sure_header=sure_header)
    return _Reading(sample, found, decoder.decoded_from, confirm, reasons)


def _encoding_problems(found: EncodingFinding) -> list[PreviewProblem]:
    if not found.confirm:
        return []
    return [PreviewProblem(severity="warning", code="encoding_unconfirmed", message=found.reason)]


def _suggested(reading: _Reading, table: Table) -> list[SuggestedEncoding]:
    """Return the likely encodings, each with the same words as they would be in it; never those of passwords."""
    told = list(dict.fromkeys(word for cell in table.open_cells if not cell.isascii() for word in cell.split()))
    words = [word for word in told if not word.isascii() and len(word) <= _LONGEST_WORD][:_WORDS]
    raw = [encode_escaped(word, reading.decoded_from) for word in words]
    return [
        SuggestedEncoding(encoding=name, reason=reason, words=[_in(name, word) for word in raw])
        for name, reason in reading.encoding.suggested
    ]


def _in(encoding: str, word: bytes) -> str:
    decoder = TextDecoder(encoding)
    text = decode(decoder.feed(word) + decoder.finish(), decoder.encoding)
    return "".join("\ufffd" if has_escapes(sign) else sign for sign in text)
