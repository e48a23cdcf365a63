"""Judges a block by the fast road where that is certain, else by the exact one."""

from services.parser.domain.columns import judge_columns
from services.parser.domain.judged import JudgedBlock, judge_records
from shared.rules.charset import charset_name, decode, has_escapes
from shared.rules.dialect import Dialect
from shared.rules.header import Head
from shared.rules.mapping import ResolvedMapping
from shared.rules.records import read_records


def judge_block(
    data: bytes,
    dialect: Dialect,
    head: Head,
    mapping: ResolvedMapping,
    *,
    encoding: str,
    first_line: int,
    skip_lines: int = 0,
) -> JudgedBlock:
    """Judge a block that begins on `first_line` and ends with a record or the file."""
    text = _in_utf8(data, encoding) if not skip_lines else None
    judged = judge_columns(text, dialect, head, mapping, first_line=first_line) if text is not None else None
    if judged is not None:
        return judged
    records = read_records(data, dialect, encoding=encoding, first_line=first_line, skip_lines=skip_lines)
    return judge_records(records, head, mapping, first_line=first_line)


def _in_utf8(data: bytes, encoding: str) -> bytes | None:
    if charset_name(encoding) == "utf-8":
        return data
    text = decode(data, encoding)
    return None if has_escapes(text) else text.encode()
