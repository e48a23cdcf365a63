"""How much a contact may hold that is written by hand."""

from uuid import UUID

import pytest

from services.web.forms.contact_input import ContactInput, checked_values
from services.web.forms.input_errors import InvalidInputError
from shared.rules.kinds import Kind
from shared.store.managers import Manager
from shared.store.set_ups import FieldSpec

KEY, *_ = FIELDS = [FieldSpec(number=n, name=name, kind=Kind.TEXT) for n, name in enumerate(("No", "Name", "Note"), 1)]
PEOPLE = Manager(id=UUID(int=1), name="People", key_field=1, contact_count=0, change_number=0, fields=FIELDS)
HALF = "é" * (128 * 1024)


def test_a_contact_holds_what_a_row_may_hold() -> None:
    contact = ContactInput(fields={"Name": HALF, "Note": HALF})
    assert checked_values(PEOPLE, KEY, "1", contact) == {2: HALF, 3: HALF}


def test_a_contact_does_not_hold_more() -> None:
    with pytest.raises(InvalidInputError) as refused:
        checked_values(PEOPLE, KEY, "1", ContactInput(fields={"Name": HALF, "Note": HALF + "x"}))
    assert [(error.code, error.field) for error in refused.value.errors] == [("contact_too_large", "fields")]
