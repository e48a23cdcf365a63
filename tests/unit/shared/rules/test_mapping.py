import pytest

from shared.errors import UserError
from shared.rules.kinds import Kind
from shared.rules.mapping import MappedColumn, ParsePlan, resolve

EMAIL = MappedColumn("E-mail", 2, Kind.EMAIL)
NUMBER = MappedColumn("No", 1, Kind.NUMBER)
PASSWORD = MappedColumn("Password", 3, Kind.PASSWORD)


KEY = MappedColumn("No", 1, Kind.TEXT)


def test_a_sign_that_nobody_sees_is_shown_where_a_column_is_missing() -> None:
    with pytest.raises(UserError) as caught:
        resolve(ParsePlan((), KEY), ["\ufeffNo"])
    assert '"No". It has: "\\ufeffNo"' in caught.value.message


def test_places_in_the_order_of_the_mapping() -> None:
    mapping = resolve(ParsePlan((EMAIL, PASSWORD), KEY), ["No", "Other", "Password", "E-mail"])
    assert [column.position for column in mapping.columns] == [3, 2]
    assert mapping.key is not None
    assert mapping.key.position == 0
    assert [column.is_checked for column in mapping.columns] == [True, False]
    assert mapping.fields == [2, 3]


def test_names_are_compared_trimmed() -> None:
    plan = ParsePlan((MappedColumn(" E-mail ", 2, Kind.TEXT),), MappedColumn(" No", 1, Kind.TEXT))
    mapping = resolve(plan, ["E-mail", "No"])
    assert mapping.key is not None
    assert mapping.key.position == 1


def test_a_constant_has_no_place() -> None:
    constant = MappedColumn(None, 4, Kind.TEXT, constant="Berlin")
    mapping = resolve(ParsePlan((constant,), KEY), ["No"])
    assert [(column.position, column.mapped.constant) for column in mapping.columns] == [(-1, "Berlin")]


def test_missing_columns_are_left_out_where_stored_values_are_kept_but_never_the_keys() -> None:
    mapping = resolve(ParsePlan((EMAIL, PASSWORD), KEY, keep_missing=True), ["No", "Password"])
    assert (mapping.fields, mapping.missing) == ([3], ("E-mail",))
    with pytest.raises(UserError, match='"No"'):
        resolve(ParsePlan((EMAIL,), KEY, keep_missing=True), ["E-mail"])


def test_without_a_header_another_number_of_columns_is_noticed() -> None:
    by_number = MappedColumn("1", 1, Kind.TEXT)
    plan = ParsePlan((MappedColumn("2", 2, Kind.TEXT),), by_number, keep_missing=True, expected_columns=2)
    assert resolve(plan, ["1", "2"]).fields == [2]
    for names in (["1", "2", "3"], ["1"]):
        with pytest.raises(UserError) as caught:
            resolve(plan, names)
        assert caught.value.code == "columns_changed"


def test_all_missing_columns_are_named_and_those_of_the_file() -> None:
    plan = ParsePlan((EMAIL, NUMBER), MappedColumn("Id", 9, Kind.TEXT))
    with pytest.raises(UserError) as caught:
        resolve(plan, ["email", "No"])
    assert caught.value.code == "column_missing"
    for name in ('"E-mail"', '"Id"', '"email"', '"No"'):
        assert name in caught.value.message


def test_a_missing_column_of_a_very_wide_file() -> None:
    with pytest.raises(UserError) as caught:
        resolve(ParsePlan((EMAIL,), None), [str(number) for number in range(1, 1001)])
    assert "and 980 more" in caught.value.message
