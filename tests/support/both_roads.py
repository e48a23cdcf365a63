"""Reads a block by the fast road and by the exact one, which have to come to the same."""

from services.fetcher.domain.cutting import ChunkCutter
from services.parser.domain.columns import judge_columns
from services.parser.domain.judged import JudgedBlock, judge_records
from shared.errors import UserError
from shared.rules.dialect import Dialect
from shared.rules.header import Head
from shared.rules.line_ends import count_lines
from shared.rules.mapping import ParsePlan, resolve
from shared.rules.records import read_records


def exact(data: bytes, dialect: Dialect, head: Head, plan: ParsePlan) -> JudgedBlock:
    records = read_records(data, dialect, encoding="utf-8", first_line=5)
    return judge_records(records, head, resolve(plan, head.names), first_line=5)


def without_header(width: int) -> Head:
    return Head([str(number) for number in range(1, width + 1)], width, None)


def is_whole(data: bytes, dialect: Dialect) -> bool:
    """Tell whether every quote is closed: a file in which one is not has failed before it is parsed."""
    cutter = ChunkCutter(dialect, encoding="utf-8")
    try:
        cutter.feed(data)
        cutter.finish()
    except UserError as error:
        return error.code == "file_empty"
    return True


def assert_alike(data: bytes, plan: ParsePlan, dialect: Dialect, head: Head) -> bool:
    """Compare both roads; tell whether there was something to compare."""
    if not is_whole(data, dialect):
        return False
    fast = judge_columns(data, dialect, head, resolve(plan, head.names), first_line=5, lines=count_lines(data))
    slow = exact(data, dialect, head, plan)
    assert slow.lines == count_lines(data)
    if fast is None:
        return False
    assert fast.rows.to_pylist() == slow.rows.to_pylist()
    assert fast.rows.schema == slow.rows.schema
    for name in ("first_line", "lines", "records", "rejected", "no_rows", "passwords", "warned"):
        assert getattr(fast, name) == getattr(slow, name), name
    return True
