"""A record's cells as they stand in the file, quotes and all: joined by the delimiter they are the record again."""

from shared.rules.dialect import Dialect


def raw_cells(record: str, dialect: Dialect) -> tuple[list[str], str]:
    """Return the verbatim cells of one record, and its line end (empty where it has none).

    The line end stands apart also where a quote is never closed, of which it is part.
    """
    body = record.removesuffix("\n").removesuffix("\r") if record.endswith("\n") else record.removesuffix("\r")
    delimiter, quote = dialect.delimiter, dialect.quote
    cells: list[str] = []
    begin = 0
    while True:
        position = _after_quotes(body, begin, quote) if body.startswith(quote, begin) else begin
        if position is None:
            return [*cells, body[begin:]], record[len(body) :]
        end = body.find(delimiter, position)
        if end < 0:
            return [*cells, body[begin:]], record[len(body) :]
        cells.append(body[begin:end])
        begin = end + len(delimiter)


def _after_quotes(body: str, position: int, quote: str) -> int | None:
    """Return where a quoted part that begins at `position` has ended; None where it has not."""
    position += 1
    while True:
        closing = body.find(quote, position)
        if closing < 0:
            return None
        if not body.startswith(quote, closing + 1):
            return closing + 1
        position = closing + 2


def cell_value(raw: str, quote: str) -> str:
    """Return what a verbatim cell says: without its quotes, and doubled ones as one."""
    if not raw.startswith(quote):
        return raw
    end = _after_quotes(raw, 0, quote)
    if end is None:
        return raw[1:].replace(quote * 2, quote)
    return raw[1 : end - 1].replace(quote * 2, quote) + raw[end:]


def quoted(value: str, quote: str) -> str:
    """Return a value as a cell that says just that, whatever it holds."""
    return f"{quote}{value.replace(quote, quote * 2)}{quote}"
