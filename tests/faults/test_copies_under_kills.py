"""Random scenarios with kills all along: they come to what the rules say, and copies to what Postgres has.

A copy is kept from `contacts.changed` alone, over runs, undos, approvals and edits by hand. All services are killed but
the web, which answers the scenarios themselves; the broker is not, whose embedded form keeps nothing.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest

from tests.model.conftest import api_client
from tests.model.differences import first_difference
from tests.model.scenarios import FEATURES, scenario_of
from tests.model.services import Services
from tests.support.contact_copy import ContactCopies, contacts_kept
from tests.support.file_server import FileServer
from tests.support.stack import Stack
from tests.support.waiting import until

SCENARIOS = 60
TENTH = 6
LEAST_RUNS = 200
"""Of all scenarios."""
AT_ONCE = 4
VICTIMS = ("scheduler", "fetcher", "parser", "syncer", "notifier")
CHANGES_BETWEEN = (10, 60)
"""Changes that are heard between two kills."""


@pytest.fixture
async def own_stack(tmp_path: Path) -> AsyncIterator[Stack]:
    async with Stack(tmp_path / "data") as stack:
        yield stack


@pytest.mark.timeout(7200)
async def test_copies_have_what_postgres_has(own_stack: Stack, *, is_long: bool, seed: int) -> None:
    database = await own_stack.connect()
    async with (
        api_client(own_stack) as client,
        FileServer() as server,
        ContactCopies(own_stack.kafka) as copies,
    ):
        turns = asyncio.Semaphore(AT_ONCE)

        async def play(number: int) -> str | None:
            async with turns:
                services = Services(client, server, has_limits=True)
                difference = await first_difference(scenario_of(number, FEATURES), services)
                return difference.report() if difference else None

        killing = asyncio.create_task(kill_on(own_stack, copies, random.Random(seed)))
        reports = await asyncio.gather(*(play(seed + number) for number in range(SCENARIOS if is_long else TENTH)))
        killing.cancel()
        (stopped,) = await asyncio.gather(killing, return_exceptions=True)
        assert isinstance(stopped, asyncio.CancelledError), stopped
        assert [report for report in reports if report] == []

        async def alike() -> bool:
            await copies.hear()
            return copies.contacts() == await contacts_kept(database)

        await until(alike, within=120, what="copies have what Postgres has", every=0)
        runs = await database.fetchval("SELECT count(*) FROM runs WHERE finished_at IS NOT NULL")
    await database.close()
    assert runs >= LEAST_RUNS * (1 if is_long else TENTH / SCENARIOS)


async def kill_on(stack: Stack, copies: ContactCopies, choice: random.Random) -> None:
    """Hear changes for ever, and kill one service after another as they come."""
    left = choice.randint(*CHANGES_BETWEEN)
    for _ in count():
        left -= await copies.hear()
        if left > 0:
            continue
        left = choice.randint(*CHANGES_BETWEEN)
        victim = choice.choice(VICTIMS)
        killed = stack.kill_service(victim)

        async def is_back(victim: str = victim, killed: tuple[int, ...] = tuple(killed)) -> bool:
            await copies.hear()
            return any(process.pid not in killed for process in stack.processes(victim))

        await until(is_back, within=60, what=f"another {victim} is there")
