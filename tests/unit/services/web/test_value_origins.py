from datetime import UTC, datetime

from services.web.pages.value_origins import value_origins
from shared.store.change_log import Change
from shared.store.contact_history import ContactChange, FieldChange


def change(number: int, kind: Change, *fields: str) -> ContactChange:
    return ContactChange(
        number=number,
        change=kind,
        changed_at=datetime(2026, 11, 20, tzinfo=UTC),
        rule="",
        by=None,
        run_id=None,
        import_id=None,
        import_name=None,
        trigger=None,
        undoes=None,
        file_name=None,
        line=None,
        fields=[FieldChange(field=name, before="", after="x") for name in fields],
    )


def test_each_value_comes_from_the_newest_change_of_its_field() -> None:
    changes = [change(9, "updated", "Town"), change(5, "updated", "Town", "Name"), change(1, "added", "Town", "Fax")]
    assert {name: origin.number for name, origin in value_origins(changes).items()} == {"Town": 9, "Name": 5, "Fax": 1}


def test_what_a_contact_was_before_it_was_deleted_gives_it_no_value() -> None:
    changes = [change(9, "added", "Name"), change(8, "deleted", "Name", "Town"), change(1, "added", "Name", "Town")]
    assert {name: origin.number for name, origin in value_origins(changes).items()} == {"Name": 9}
