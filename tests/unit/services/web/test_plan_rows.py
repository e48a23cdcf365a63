from typing import Any

from services.web.pages.plan_rows import FieldRow, plan_row
from shared.store.run_details import PlanChange


def change(kind: str, before: dict[str, str] | None, after: dict[str, str] | None, **more: Any) -> PlanChange:
    about = {"change": kind, "unique_id": "7", "line": 3, "before": before, "after": after, "passwords_changed": []}
    return PlanChange.model_validate(about | more)


def test_of_an_update_only_what_differs_is_shown_with_what_it_was_and_will_be() -> None:
    row = plan_row(change("updated", {"Name": "Ann", "Town": "Oslo", "Fax": "1"}, {"Name": "Ann", "Town": "Bergen"}))
    assert row.differing == [FieldRow("Town", "Oslo", "Bergen"), FieldRow("Fax", "1", "")]
    assert row.values == []


def test_absent_and_empty_are_the_same_value() -> None:
    assert plan_row(change("updated", {}, {"Name": ""}, passwords_changed=["Portal"])).differing == []


def test_of_contacts_that_come_or_go_all_filled_values_are_shown() -> None:
    assert plan_row(change("added", None, {"Name": "Ann", "Town": ""})).values == [("Name", "Ann")]
    row = plan_row(change("deleted", {"Name": "Bo", "Town": "Oslo"}, None))
    assert row.values == [("Name", "Bo"), ("Town", "Oslo")]
    assert row.differing == []
