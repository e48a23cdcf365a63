"""Judges a block by the fast road where that is certain, else by the exact one."""

from services.parser.domain.block_text import BlockText
from services.parser.domain.columns import judge_columns
from services.parser.domain.judged import JudgedBlock, judge_records
from shared.rules.charset import decode, has_escapes
from shared.rules.dialect import Dialect
from shared.rules.header import Head
from shared.rules.line_ends import count_lines
from shared.rules.mapping import ResolvedMapping
from shared.rules.records import read_records


def judge_block(
    text: BlockText, dialect: Dialect, head: Head, mapping: ResolvedMapping, *, skip_lines: int = 0
) -> JudgedBlock:
    """Judge a block that ends with a record or the file."""
    first_line = text.first_line
    utf8 = _in_utf8(text) if not skip_lines else None
    if utf8 is not None:
        lines = text.lines.count if text.is_utf8 else count_lines(utf8)
        judged = judge_columns(utf8, dialect, head, mapping, first_line=first_line, lines=lines)
        if judged is not None:
            return judged
    records = read_records(text.data, dialect, encoding=text.encoding, first_line=first_line, skip_lines=skip_lines)
    return judge_records(records, head, mapping, first_line=first_line)


def _in_utf8(text: BlockText) -> bytes | None:
    if text.is_utf8:
        return text.data
    decoded = decode(text.data, text.encoding)
    return None if has_escapes(decoded) else decoded.encode()
