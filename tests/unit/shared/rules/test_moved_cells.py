import pytest

from shared.rules.moved_cells import possible_places, swallows


@pytest.mark.parametrize(
    ("cells", "places"), [(5, [2]), (6, [2, 3]), (7, [2, 3, 4]), (4, [1, 2]), (1, [-2, -1, 0, 1, 2])]
)
def test_a_cell_may_have_moved_by_as_many_as_are_too_many_or_missing(cells: int, places: list[int]) -> None:
    assert list(possible_places(2, cells, 5)) == places


@pytest.mark.parametrize(
    ("cell", "is_several"),
    [
        ("Bob,b@x,pw-two,x\n3,Carl,c@x,pw-three,y\n7,Gina", True),
        ("Bob,b@x\n3", True),
        ("Bob\r3,Carl,c@x,pw-three", True),
        ("Bob\r\n3,Carl", False),  # the next row's password stands behind what is in the cell
        ("Bob\nCarl", False),
        ("Bob,b@x,pw-two", True),
        ("Bob, b@x, pw-two", True),
        ("Bob,b@x", False),
        ("Bob", False),
    ],
)
def test_a_cell_may_be_several_up_to_one_of_a_password(cell: str, *, is_several: bool) -> None:
    assert swallows(cell, 1, ",", {3}, has_shape=True) is is_several
    assert not swallows(cell, 1, ",", set(), has_shape=True)
    assert not swallows(cell, 1, ";", {3}, has_shape=True)


def test_one_delimiter_before_white_space_is_text_where_the_row_has_its_shape() -> None:
    assert not swallows("Miller, Ann", 1, ",", {2}, has_shape=True)
    assert swallows("Miller, Ann", 1, ",", {2}, has_shape=False)
    assert swallows("Miller,pw", 1, ",", {2}, has_shape=True)
    assert not swallows("pw, not of others", 2, ",", {1, 2}, has_shape=True)
