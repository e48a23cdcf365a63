import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import UserError
from shared.rules.dialect import Dialect
from shared.rules.header import Head, header_names, holds_head, is_blank_record, read_head


@pytest.mark.parametrize(
    ("cells", "names"),
    [
        ([" Name ", "E-mail\u00a0"], ["Name", "E-mail"]),
        (["Name", "Name", " Name"], ["Name", "Name (2)", "Name (3)"]),
        (["Name", "Name", "Name (2)"], ["Name", "Name (3)", "Name (2)"]),
        (["Name (2)", "Name", "Name", "Name"], ["Name (2)", "Name", "Name (3)", "Name (4)"]),
        (["A", "A", "A (2)", "A (2)"], ["A", "A (3)", "A (2)", "A (2) (2)"]),
        (["Name", "name"], ["Name", "name"]),
        (["", "a", " "], ["Column 1", "a", "Column 3"]),
        (["", "Column 1"], ["Column 1 (2)", "Column 1"]),
        (["Column 2", "", "Column 2"], ["Column 2", "Column 2 (2)", "Column 2 (3)"]),
    ],
)
def test_names(cells: list[str], names: list[str]) -> None:
    assert header_names(cells) == names


@given(st.lists(st.sampled_from(["", "A", "A (2)", "A (3)", "A (2) (2)", "Column 1", "Column 2", "Column 1 (2)"])))
def test_each_name_is_given_once_and_the_first_keeps_its_own(cells: list[str]) -> None:
    names = header_names(cells)
    assert len(set(names)) == len(names) == len(cells)
    for cell in set(cells) - {""}:
        assert names[cells.index(cell)] == cell


@pytest.mark.parametrize(
    ("cells", "blank"),
    [([], True), ([""], True), ([" ", "\u3000"], True), (["", "\0"], False), (["\x1c"], False)],
)
def test_blank(cells: list[str], blank: bool) -> None:  # noqa: FBT001 - a table's column
    assert is_blank_record(cells) is blank


def test_the_first_row_that_is_not_blank_is_the_header() -> None:
    head = read_head(b'\r\n , \n"Na\nme",,\nx,y,z', Dialect(), encoding="utf-8")
    assert head == Head(["Na\nme", "Column 2", "Column 3"], 3, 3, header_height=2)


def test_without_a_header_columns_go_by_number() -> None:
    head = read_head(b"\na,b\nc", Dialect(has_header=False), encoding="utf-8")
    assert head == Head(["1", "2"], 2, None)


@pytest.mark.parametrize("data", [b"a,\xff\nb,c", b"a\0,b\n"])
def test_a_header_with_bad_bytes(data: bytes) -> None:
    with pytest.raises(UserError) as caught:
        read_head(data, Dialect(), encoding="utf-8")
    assert caught.value.code == "file_not_text"
    assert "utf-8" in caught.value.message


def test_without_a_header_a_first_row_with_bad_bytes_gives_the_width_all_the_same() -> None:
    assert read_head(b"a,\xff\nb,c", Dialect(has_header=False), encoding="utf-8").width == 2


@pytest.mark.parametrize("data", [b"\n", b" , \r\n\r\n", b""])
def test_no_rows(data: bytes) -> None:
    with pytest.raises(UserError) as caught:
        read_head(data, Dialect(), encoding="utf-8")
    assert caught.value.code == "file_has_no_rows"


@pytest.mark.parametrize(
    ("data", "is_held"),
    [
        (b"a,b\nc", True),
        (b"a,b\n", False),
        (b'"a\n', False),
        (b"\n \n#x\na,b\n\n", True),
        (b"#x\n\n", False),
        (b"", False),
    ],
)
def test_a_head_is_held_where_something_follows_it(data: bytes, *, is_held: bool) -> None:
    assert holds_head(data, Dialect(comment="#"), encoding="utf-8") is is_held
