"""Kill -9 of each service, of everything, and of the broker, at random moments of a large import.

The run ends by itself; the contacts are those of an undisturbed run, row for row; one mail goes out, or the same again.
"""

import random
import time
from email.parser import BytesHeaderParser
from itertools import product

import httpx
import pytest

from tests.conftest import BROKERS
from tests.support.contents import Contents, stored_contacts
from tests.support.imports import Importing, set_up_import, sftp_source
from tests.support.kafka_server import KafkaServer
from tests.support.sftp_server import SftpServer
from tests.support.stack import SERVICES, Stack
from tests.support.waiting import until

ROWS = 200_000
ROUNDS = 20
VICTIMS = (*SERVICES, "everything", "broker")
LONGEST = 240.0


class Scene:
    """One system on one broker, with an import whose file changes from round to round."""

    def __init__(self, stack: Stack, kafka: KafkaServer | None, sftp: SftpServer) -> None:
        self.stack = stack
        self.kafka = kafka
        self.sftp = sftp
        self.edition = 0
        self.undisturbed_seconds = 0.0
        self.manager_id = ""
        self.import_id = ""

    async def prepare(self) -> None:
        """Set the import up and see how long its run takes when nothing disturbs it."""
        self._next_contents()
        async with self.stack.client() as client:
            source = sftp_source(self.sftp, "large.csv")
            fields = [("No", "text"), ("Name", "text"), ("Email", "text")]
            importing = await set_up_import(client, source, fields=fields, options={"delete_missing": True})
            self.manager_id, self.import_id = importing.manager_id, importing.import_id
            await importing.run(within=LONGEST)
            contents = self._next_contents()
            began = time.monotonic()
            run = await importing.run(within=LONGEST)
            self.undisturbed_seconds = time.monotonic() - began
        await self.check(run, contents)

    async def round(self, victim: str, choice: random.Random) -> float:
        """Kill the victim at a random moment of a run; returns how long the run took in all."""
        contents = self._next_contents()
        async with self.stack.client() as client:
            answer = await client.post(f"/imports/{self.import_id}/runs", json={})
            assert answer.status_code == 202, answer.text
        run_id = answer.json()["id"]
        began = time.monotonic()
        moment = began + choice.uniform(0, self.undisturbed_seconds)
        await until(lambda: time.monotonic() >= moment, within=LONGEST, what="the moment to kill")
        await self._kill(victim)
        await until(self._answers, within=60, what="the page answers again")
        async with self.stack.client() as client:
            run = await Importing(client, self.manager_id, self.import_id).finished(run_id, within=LONGEST)
        took = time.monotonic() - began
        await self.check(run, contents)
        return took

    async def check(self, run: dict[str, object], contents: Contents) -> None:
        """Compare the outcome with that of an undisturbed run."""
        counts = run["counts"]
        assert run["status"] == "succeeded_with_errors", run
        assert isinstance(counts, dict)
        assert counts["read"] == contents.rows
        assert counts["rejected"] == contents.rejected
        assert await stored_contacts(self.stack, self.manager_id) == contents.contacts()
        await until(lambda: self._mail_ids(str(run["id"])), within=90, what="a mail about the run")
        assert len(set(self._mail_ids(str(run["id"])))) == 1

    async def _answers(self) -> bool:
        async with self.stack.client() as client:
            try:
                return (await client.get(f"/imports/{self.import_id}")).status_code == 200
            except (httpx.HTTPError, KeyError):
                return False

    async def _kill(self, victim: str) -> None:
        if victim == "everything":
            self.stack.kill()
            await self.stack.start()
        elif victim == "broker" and self.kafka:
            self.kafka.kill()
            await self.kafka.start()
        else:
            assert self.stack.kill_service("tansu" if victim == "broker" else victim)

    def _next_contents(self) -> Contents:
        self.edition += 1
        contents = Contents(ROWS, self.edition)
        contents.write(self.sftp.folder / "large.csv")
        return contents

    def _mail_ids(self, run_id: str) -> list[str]:
        parser = BytesHeaderParser()
        ids = [str(parser.parsebytes(file.read_bytes())["Message-ID"]) for file in self.stack.mail_folder.glob("*.eml")]
        return [message_id for message_id in ids if run_id in message_id]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Ask for every round with `--long`; else for a seeded tenth: each victim twice on each broker."""
    numbers = range(1, ROUNDS + 1)
    choice = random.Random(metafunc.config.getoption("--seed"))
    chosen = numbers if metafunc.config.getoption("--long") else choice.sample(numbers, ROUNDS // 10)
    rounds = list(product(BROKERS, VICTIMS, chosen))
    metafunc.parametrize(("broker_name", "victim", "number"), sorted(rounds), indirect=["broker_name"], scope="module")


@pytest.fixture(scope="module")
async def scene(stack: Stack, kafka: KafkaServer | None, sftp: SftpServer) -> Scene:
    """An import that has run undisturbed."""
    scene = Scene(stack, kafka, sftp)
    await scene.prepare()
    return scene


@pytest.mark.timeout(600)
async def test_a_kill_costs_time_and_nothing_else(
    scene: Scene, broker_name: str, victim: str, number: int, seed: int
) -> None:
    choice = random.Random(f"{seed} {broker_name} {victim} {number}")
    took = await scene.round(victim, choice)
    print(f"{broker_name}: {victim} killed, {took:.1f} s instead of {scene.undisturbed_seconds:.1f} s")  # noqa: T201
