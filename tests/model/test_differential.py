"""Random scenarios through the real services: after each step they are where the reference model is."""

import asyncio

import httpx
import pytest

from tests.model.differences import Difference, first_difference, shrunk
from tests.model.scenarios import FEATURES, scenario_of
from tests.model.services import Services
from tests.model.steps import Scenario
from tests.support.file_server import FileServer

SCENARIOS = 2_500
TENTH = 250
AT_ONCE = 16
SHOWN = 5


@pytest.mark.timeout(7200)
async def test_the_services_do_what_the_rules_say(client: httpx.AsyncClient, *, is_long: bool, seed: int) -> None:
    seeds = [seed + number for number in range(SCENARIOS if is_long else TENTH)]
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
