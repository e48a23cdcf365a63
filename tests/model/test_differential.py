"""Random scenarios through the real services: after each step they are where the reference model is."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.model.conftest import api_client
from tests.model.differences import Difference, first_difference, shrunk
from tests.model.scenarios import FEATURES, scenario_of
from tests.model.services import Services
from tests.model.steps import Scenario
from tests.support.file_server import FileServer
from tests.support.stack import Stack

SCENARIOS = 2_500
TENTH = 250
AT_ONCE = 16
SHOWN = 5


LARGE_ROAD = 60
"""So many of the tenth are played once more by services to which a few rows are many."""


@pytest.fixture(scope="module")
async def large_stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with Stack(tmp_path_factory.mktemp("few-are-many") / "data", module="tests.support.few_are_many") as stack:
        yield stack


@pytest.mark.timeout(7200)
async def test_a_large_run_does_what_a_small_one_does(large_stack: Stack, *, is_long: bool, seed: int) -> None:
    async with api_client(large_stack) as client:
        await assert_alike(client, range(seed, seed + (TENTH if is_long else LARGE_ROAD)))
    database = await large_stack.connect()
    try:
        # Only a first load of several batches leaves such contacts.
        assert await database.fetchval("SELECT count(*) FROM contacts WHERE log_line IS NOT NULL")
    finally:
        await database.close()


@pytest.mark.timeout(7200)
async def test_the_services_do_what_the_rules_say(client: httpx.AsyncClient, *, is_long: bool, seed: int) -> None:
    await assert_alike(client, range(seed, seed + (SCENARIOS if is_long else TENTH)))


async def assert_alike(client: httpx.AsyncClient, seeds: range) -> None:
    """Play the scenarios of some seeds; fail with the first that differ, shortened."""
    async with FileServer() as server:
        turns = asyncio.Semaphore(AT_ONCE)

        async def play(scenario: Scenario) -> Difference | None:
            async with turns:
                return await first_difference(scenario, Services(client, server, has_limits=True))

        found = await asyncio.gather(*(play(scenario_of(number, FEATURES)) for number in seeds))
        different = [difference for difference in found if difference is not None]
        shortest = await asyncio.gather(*(shrunk(difference, play) for difference in different[:SHOWN]))
    reports = "\n\n".join(difference.report() for difference in shortest)
    assert not different, f"{len(different)} of {len(seeds)} scenarios differ; the first, shortened:\n\n{reports}"
