"""Contacts as a receiver of `contacts.changed` has them that knows nothing else."""

from collections.abc import Iterable, Iterator
from typing import Any

from tests.support.webhook_receiver import Received


def numbers(received: Iterable[Received]) -> list[int]:
    """Return the numbers of changes as they came."""
    return [change["number"] for change in _changes(received)]


def rebuilt(received: Iterable[Received]) -> dict[str, dict[str, str]]:
    """Return the contacts of somebody who applies each change once; AssertionError where a number is left out."""
    contacts: dict[str, dict[str, str]] = {}
    last = 0
    for change in _changes(received):
        if change["number"] <= last:
            continue
        assert change["number"] == last + 1
        last = change["number"]
        if change["change"] == "deleted":
            del contacts[change["unique_id"]]
        else:
            contacts.setdefault(change["unique_id"], {}).update(change["fields"])
    return {
        unique_id: {name: value for name, value in fields.items() if value} for unique_id, fields in contacts.items()
    }


def _changes(received: Iterable[Received]) -> Iterator[dict[str, Any]]:
    for each in received:
        yield from each.data["changes"]
