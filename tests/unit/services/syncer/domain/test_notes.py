from dataclasses import replace

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
