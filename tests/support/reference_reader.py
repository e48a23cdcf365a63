"""A reader of the same grammar, written for nothing but to be plainly right: one character after the other."""

from typing import NamedTuple


class Line(NamedTuple):
    """A record: the physical line it begins on, its cells, and whether it is one of the lines passed over."""

    line: int
    cells: list[str]
    is_passed_over: bool = False


def read_reference(  # noqa: C901 - a state machine, in one piece to be plainly right
    text: str, delimiter: str, quote: str = '"', *, comment: str | None = None, skip_lines: int = 0
) -> list[Line]:
    """Return all records; a blank line has no cells, an unclosed quote takes the rest."""
    records: list[Line] = []
    position, line = 0, 1
    while position < len(text):
        if line <= skip_lines or (comment is not None and text.startswith(comment, position)):
            position = _after_line(text, position)
            records.append(Line(line, [], is_passed_over=True))
            line += 1
            continue
        began, cells, cell = line, [], ""
        at_start, in_quotes, is_blank = True, False, True
        while True:
            if position >= len(text):
                break
            if in_quotes:
                if text.startswith(quote * 2, position):
                    cell, position = cell + quote, position + 2
                elif text[position] == quote:
                    in_quotes, position = False, position + 1
                else:
                    end = 2 if text.startswith("\r\n", position) else 1
                    line += text[position] in "\r\n"
                    cell, position = cell + text[position : position + end], position + end
            elif text[position] in "\r\n":
                position += 2 if text.startswith("\r\n", position) else 1
                break
            elif text.startswith(delimiter, position):
                cells.append(cell)
                cell, position = "", position + len(delimiter)
                at_start, is_blank = True, False
                continue
            elif at_start and text[position] == quote:
                in_quotes, is_blank, position = True, False, position + 1
            else:
                cell, is_blank, position = cell + text[position], False, position + 1
            at_start = False
        records.append(Line(began, [] if is_blank else [*cells, cell]))
        line += 1
    return records


def _after_line(text: str, position: int) -> int:
    while position < len(text) and text[position] not in "\r\n":
        position += 1
    return position + (2 if text.startswith("\r\n", position) else 1)
