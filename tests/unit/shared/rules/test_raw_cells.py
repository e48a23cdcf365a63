import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.rules.dialect import Dialect
from shared.rules.raw_cells import cell_value, quoted, raw_cells
from shared.rules.records import read_records

TEXT = st.lists(st.sampled_from(["a", "b", ",", '"', '"', "\r", "\n", "\r\n", " ", "é", "||"])).map("".join)


@given(TEXT, st.sampled_from([",", "||"]))
def test_cells_joined_are_the_record_and_say_what_the_reader_reads(text: str, delimiter: str) -> None:
    dialect = Dialect(delimiter)
    records = list(read_records(text.encode(), dialect, encoding="utf-8", first_line=1))
    if len(records) != 1 or not records[0].cells:
        return
    cells, end = raw_cells(text, dialect)
    assert delimiter.join(cells) + end == text
    *first, last = [cell_value(cell, '"') for cell in cells]
    assert records[0].cells in ([*first, last], [*first, last + end])  # an open quote takes the line's end too


@given(st.text(st.sampled_from('a",\n'), max_size=8))
def test_a_quoted_value_says_just_that(value: str) -> None:
    assert cell_value(quoted(value, '"'), '"') == value


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    assert raw_cells(f'a,"b\nc"{end}', Dialect()) == (["a", '"b\nc"'], end)
