"""What others are told of a logged change."""

from datetime import UTC, datetime
from uuid import UUID, uuid5

import pytest

from shared.events.contacts import ContactsChanged
from shared.rules.kinds import Kind
from shared.store.change_events import change_events, change_values
from shared.store.change_log import LoggedChange
from shared.store.managers import Manager
from shared.store.set_ups import FieldSpec

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PEOPLE = Manager(
    id=UUID(int=1),
    name="People",
    key_field=1,
    contact_count=0,
    change_number=0,
    fields=[FieldSpec(number=n, name=name, kind=Kind.TEXT) for n, name in ((1, "No"), (2, "Name"))],
)

Values = dict[str, str] | None


def logged(change: str, before: Values, after: Values, number: int = 7) -> LoggedChange:
    return LoggedChange(number, change, "1", UUID(int=2), None, 3, before, after, NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "before", "after", "told"),
    [
        ("added", None, {"2": "Ann", "3": ""}, {"Name": "Ann"}),
        ("updated", {"2": "Ann"}, {"2": "Anne"}, {"Name": "Anne"}),
        ("updated", {"2": "Ann"}, {}, {"Name": ""}),
        ("updated", {"2": "Ann"}, {"2": ""}, {"Name": ""}),
        ("updated", {"2": ""}, {}, {}),
        ("updated", {}, {"2": ""}, {}),
        ("updated", {"2": "Ann", "9": "x"}, {"2": "Ann", "9": "y"}, {"9": "y"}),
        ("deleted", {"2": "Ann"}, None, {}),
    ],
)
def test_it_says_what_the_contact_holds_now_of_what_changed(
    change: str, before: Values, after: Values, told: dict[str, str]
) -> None:
    (event,) = change_events(PEOPLE, [logged(change, before, after)], NOW)
    assert (event.change, event.fields) == (change, told)


def test_an_event_that_is_made_anew_has_the_same_id_and_no_other_has() -> None:
    changes = [logged("added", None, {"2": "Ann"}, number) for number in (1, 2)]
    first, again = (change_events(PEOPLE, changes, moment) for moment in (NOW, datetime(2027, 1, 1, tzinfo=UTC)))
    assert [event.event_id for event in first] == [event.event_id for event in again]
    assert first[0].event_id != first[1].event_id
    assert first[0].event_id == uuid5(UUID("6f2f1ad4-3c0f-5d6e-9b0a-1f6f2e1f0c55"), f"{PEOPLE.id}:1")


def test_bodies_of_values_are_those_of_events() -> None:
    changes = [
        logged("added", None, {"2": "Ann"}),
        logged("updated", {"2": "Ann"}, {}),
        logged("deleted", {"2": "A"}, None),
    ]
    values = change_values(PEOPLE, changes, NOW)
    events = change_events(PEOPLE, changes, NOW)
    assert [ContactsChanged.body_of(each) for each in values] == [event.as_body() for event in events]
    assert set(values[0]) == set(ContactsChanged.model_fields)
