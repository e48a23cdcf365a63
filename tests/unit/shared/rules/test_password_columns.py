from shared.rules.kinds import Kind
from shared.rules.password_columns import password_places

NAMES = ["No", "Password", "Geheim", "Pin"]


def test_what_is_called_a_password_is_one_though_nobody_maps_it() -> None:
    assert password_places(NAMES, [("No", Kind.TEXT)], ()) == {1, 3}


def test_so_is_what_this_import_or_another_maps_to_one() -> None:
    assert password_places(NAMES, [(" No ", Kind.PASSWORD)], [" Geheim"]) == {0, 1, 2, 3}


def test_what_goes_to_another_field_is_none() -> None:
    assert password_places(NAMES, [("Pin", Kind.TEXT), (None, Kind.PASSWORD)], ["Pin"]) == {1}
    assert password_places(NAMES, [("Pin", Kind.TEXT), ("Pin", Kind.PASSWORD)], ()) == {1, 3}
