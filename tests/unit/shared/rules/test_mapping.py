import pytest

from shared.errors import UserError
from shared.rules.kinds import Kind
from shared.rules.mapping import MappedColumn, ParsePlan, resolve

EMAIL = MappedColumn("E-mail", 2, Kind.EMAIL)
NUMBER = MappedColumn("No", 1, Kind.NUMBER)
PASSWORD = MappedColumn("Password", 3, Kind.PASSWORD)


def test_places_in_the_order_of_the_mapping() -> None:
    plan = ParsePlan((EMAIL, PASSWORD, NUMBER), "No", 1)
    mapping = resolve(plan, ["No", "Other", "Password", "E-mail"])
    assert mapping.positions == (3, 2, 0)
    assert mapping.key_position == 0
    assert mapping.checks == ((0, Kind.EMAIL), (2, Kind.NUMBER))
    assert mapping.untrimmed == (1,)


def test_names_are_compared_trimmed() -> None:
    plan = ParsePlan((MappedColumn(" E-mail ", 2, Kind.TEXT),), " No", 1)
    assert resolve(plan, ["E-mail", "No"]).key_position == 1


def test_a_generated_key_overwrites_its_column_so_that_is_not_checked() -> None:
    mapping = resolve(ParsePlan((NUMBER, EMAIL), None, 1), ["No", "E-mail"])
    assert mapping.key_position is None
    assert mapping.checks == ((1, Kind.EMAIL),)


def test_all_missing_columns_are_named_and_those_of_the_file() -> None:
    plan = ParsePlan((EMAIL, NUMBER), "Id", 1)
    with pytest.raises(UserError) as caught:
        resolve(plan, ["email", "No"])
    assert caught.value.code == "column_missing"
    for name in ('"E-mail"', '"Id"', '"email"', '"No"'):
        assert name in caught.value.message


def test_a_missing_column_of_a_very_wide_file() -> None:
    with pytest.raises(UserError) as caught:
        resolve(ParsePlan((EMAIL,), None, 1), [str(number) for number in range(1, 1001)])
    assert "and 980 more" in caught.value.message
