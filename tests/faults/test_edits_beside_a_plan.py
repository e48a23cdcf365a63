"""People edit without a pause while a run plans and hashes: it ends, and does nothing twice."""

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from tests.e2e.test_plans import begin, next_file, people, uploaded
from tests.support.stack import Stack
from tests.support.waiting import until

# Each plan is out of date as soon as it is committed, as if somebody had edited a contact at that moment.
_OUTRUN = """
CREATE FUNCTION outrun() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE managers SET change_number = change_number + 1 WHERE id = NEW.manager_id;
    INSERT INTO outrun_plans (run_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
CREATE TABLE outrun_plans (run_id uuid);
CREATE CONSTRAINT TRIGGER outrun AFTER UPDATE OF plan_change_number ON runs DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.plan_change_number IS NOT NULL AND NEW.plan_change_number IS DISTINCT FROM
        OLD.plan_change_number) EXECUTE FUNCTION outrun()
"""
_HASHED = (
    "SELECT unique_id, hash FROM plan_passwords WHERE run_id = $1 AND hash IS NOT NULL AND fingerprint IS NOT NULL"
)
_STORED = "SELECT unique_id, hash FROM contact_passwords WHERE manager_id = $1"


@pytest.fixture(scope="module")
async def own_stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """The database gets a trigger, which no other test should meet."""
    async with Stack(tmp_path_factory.mktemp("edits") / "data") as stack:
        yield stack


@pytest.fixture
async def client(own_stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with own_stack.client() as client:
        yield client


@pytest.fixture
async def database(own_stack: Stack) -> AsyncIterator[asyncpg.Connection]:
    connection = await own_stack.connect()
    yield connection
    await connection.close()


def secrets(count: int, word: str) -> str:
    return people(*((str(number), f"Name {number}", f"{word} {number}") for number in range(count)))


async def test_no_password_is_hashed_twice_however_often_the_run_is_planned(
    client: httpx.AsyncClient, database: asyncpg.Connection
) -> None:
    importing = await begin(client, secrets(150, "first"))
    await importing.change(source=await uploaded(client, secrets(150, "second")))
    answer = await client.post(f"/imports/{importing.import_id}/runs", json={})
    run_id = answer.json()["id"]

    async def some_are_hashed() -> dict[str, str]:
        return {row["unique_id"]: row["hash"] for row in await database.fetch(_HASHED, run_id)}

    hashed = await until(some_are_hashed, within=60, what="the first passwords are hashed")
    contact = f"/managers/{importing.manager_id}/contacts/someone"
    assert (await client.put(contact, json={"fields": {"Name": "By hand"}})).status_code == 201
    assert (await client.get(f"/runs/{run_id}")).json()["status"] == "applying"
    run = await importing.finished(run_id)
    assert (run["status"], run["counts"]["updated"]) == ("succeeded", 150)
    stored = {row["unique_id"]: row["hash"] for row in await database.fetch(_STORED, importing.manager_id)}
    assert hashed
    assert {unique_id: stored[unique_id] for unique_id in hashed} == hashed


async def test_a_run_whose_plans_are_outrun_makes_the_others_wait(
    client: httpx.AsyncClient, database: asyncpg.Connection
) -> None:
    importing = await begin(client, secrets(5, "first"))
    await database.execute(_OUTRUN)
    run = await next_file(importing, secrets(5, "second"))
    assert (run["status"], run["counts"]["updated"]) == ("succeeded", 5)
    outrun = await database.fetchval("SELECT count(*) FROM outrun_plans WHERE run_id = $1", run["id"])
    assert 2 <= outrun <= 4
    assert run["attempt"] == 1
