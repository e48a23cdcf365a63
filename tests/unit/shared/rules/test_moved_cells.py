import pytest

from shared.rules.moved_cells import possible_places


@pytest.mark.parametrize(
    ("cells", "places"), [(5, [2]), (6, [2, 3]), (7, [2, 3, 4]), (4, [1, 2]), (1, [-2, -1, 0, 1, 2])]
)
def test_a_cell_may_have_moved_by_as_many_as_are_too_many_or_missing(cells: int, places: list[int]) -> None:
    assert list(possible_places(2, cells, 5)) == places
