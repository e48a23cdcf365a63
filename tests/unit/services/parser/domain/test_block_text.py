import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.parser.domain.block_text import BlockText, LineIndex
from shared.rules.line_ends import count_lines, line_starts


@given(st.lists(st.sampled_from([b"\n", b"\r", b"\r\n", b"x", b"y" * 5_000, b"z" * 4_095]), max_size=30))
def test_a_line_is_found_where_it_is_when_all_are_looked_at(pieces: list[bytes]) -> None:
    text = b"".join(pieces)
    starts, index = line_starts(text), LineIndex(text)
    assert index.count == count_lines(text)
    assert [index.start_of(line) for line in range(len(starts))] == starts
    assert index.start_of(len(starts) + 3) == len(text)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_many_lines_of_any_length(line_end: bytes, seed: int) -> None:
    source = random.Random(seed)
    text = b"".join(b"x" * source.randint(0, 200) + line_end for _ in range(5_000))
    starts, index = line_starts(text), LineIndex(text)
    assert [index.start_of(line) for line in range(len(starts))] == starts


def test_lines_of_an_encoding_with_other_line_ends() -> None:
    data = "a,b\nc,d\n".encode("cp037")
    text = BlockText(data, "cp037", first_line=10, offset=100)
    assert text.lines.count == 2
    assert text.place_of(11, 1) == (104, 4)
