"""What the rules of undo come to: in the reference model, and, byte for byte, in the services' database."""

import asyncio

import httpx
import pytest

from tests.model.histories import History, fields_of
from tests.model.services import Services
from tests.support.file_server import FileServer
from tests.support.stack import Stack

HISTORIES = 200
TENTH = 20
AT_ONCE = 16
_STORED = """
SELECT c.unique_id, c.fields::text AS fields, ARRAY(
    SELECT k.field || ' ' || k.hash || ' ' || k.fingerprint FROM contact_passwords k
    WHERE k.manager_id = c.manager_id AND k.unique_id = c.unique_id ORDER BY k.field) AS passwords
FROM contacts c WHERE c.manager_id = $1
"""


@pytest.fixture(scope="module")
def seeds(seed: int) -> range:
    return range(seed, seed + HISTORIES)


def test_undone_from_the_last_to_the_first_all_is_as_it_was(seeds: range) -> None:
    for seed in seeds:
        history = History(seed)
        history.undo_from_last_to_first()
        assert fields_of(history.model.contacts) == history.before, seed


def test_undone_in_any_order_contacts_of_one_run_alone_are_as_they_were(seeds: range) -> None:
    restored = 0
    for seed in seeds:
        history = History(seed)
        alone = history.undo_in_any_order()
        after = fields_of(history.model.contacts)
        assert {name: after.get(name) for name in alone} == {name: history.before.get(name) for name in alone}, seed
        restored += len(alone)
    assert restored > HISTORIES


def test_an_undo_that_is_undone_leaves_what_was_there_before_it(seeds: range) -> None:
    for seed in seeds:
        history = History(seed)
        if history.applied:
            before = fields_of(history.model.contacts)
            history.undo(history.undo(history.rng.choice(history.applied)))
            assert fields_of(history.model.contacts) == before, seed


@pytest.mark.timeout(3600)
async def test_the_services_put_every_byte_back(
    embedded_stack: Stack, client: httpx.AsyncClient, seeds: range, *, is_long: bool
) -> None:
    turns = asyncio.Semaphore(AT_ONCE)
    async with FileServer() as server:

        async def restored(seed: int) -> int:
            async with turns:
                return await _restored(History(seed), Services(client, server, has_limits=True), embedded_stack)

        each = await asyncio.gather(*(restored(seed) for seed in (seeds if is_long else seeds[:TENTH])))
    assert sum(each) > len(each)


async def _restored(history: History, services: Services, stack: Stack) -> int:
    """Play a history and take it back; returns how many contacts had to be as before, and were."""
    in_order = history.rng.random() < 0.5
    alone = [] if in_order else history.undo_in_any_order()
    if in_order:
        history.undo_from_last_to_first()
    for step in history.steps[: history.begins]:
        await services.play(step)
    before = await _stored(stack, services.manager_id)
    assert before
    for step in history.steps[history.begins :]:
        await services.play(step)
    after = await _stored(stack, services.manager_id)
    if in_order:
        assert after == before
        return len(before)
    ids = [services.real(unique_id) for unique_id in alone]
    assert {name: after.get(name) for name in ids} == {name: before.get(name) for name in ids}
    return len(ids)


async def _stored(stack: Stack, manager_id: str) -> dict[str, tuple[str, list[str]]]:
    """Return the contacts as they are stored, with their passwords' hashes."""
    database = await stack.connect()
    try:
        rows = await database.fetch(_STORED, manager_id)
    finally:
        await database.close()
    return {row["unique_id"]: (row["fields"], row["passwords"]) for row in rows}
