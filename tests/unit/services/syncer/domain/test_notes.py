from dataclasses import replace
from typing import Any

import pytest

from services.syncer.domain.notes import notes_on
from shared.events.runs import RunCounts
from tests.unit.services.syncer.domain.test_verdict import PLAIN


@pytest.mark.parametrize(
    ("counts", "found", "codes"),
    [
        (RunCounts(), 100, []),
        (RunCounts(deleted=19, updated=74, added=99), 100, []),
        (RunCounts(deleted=20), 80, ["many_deleted"]),
        (RunCounts(updated=75), 100, ["many_updated"]),
        (RunCounts(added=100), 100, ["many_added"]),
        (RunCounts(added=100, deleted=100), 0, ["none_known", "many_deleted", "many_added"]),
    ],
)
def test_what_is_unusual_is_noted(counts: RunCounts, found: int, codes: list[str]) -> None:
    assert [note.code for note in notes_on(replace(PLAIN, counts=counts, found=found))] == codes


def test_few_contacts_are_never_unusual() -> None:
    assert notes_on(replace(PLAIN, contacts=19, found=0, counts=RunCounts(deleted=19))) == []


@pytest.mark.parametrize(
    ("changed", "noted"),
    [
        ({}, True),
        ({"found": 11}, False),
        ({"dry_run": False}, False),
        ({"scheduled": True}, False),
        ({"remote": False}, False),
        ({"delete_missing": False}, False),
        ({"contacts": 0}, False),
        ({"generated_keys": True, "good_rows": 10}, True),
        ({"generated_keys": True, "good_rows": 11}, False),
    ],
)
def test_a_dry_run_tells_what_a_schedule_would_make_of_it(changed: dict[str, Any], *, noted: bool) -> None:
    tried = replace(PLAIN, found=10, delete_missing=True, remote=True, scheduled=False, dry_run=True)
    codes = [note.code for note in notes_on(replace(tried, **changed))]
    assert ("refused_on_schedule" in codes) == noted
