"""A new first key: sealed things still open, and no password counts as changed for it."""

import base64
import json
import secrets
from pathlib import Path

from tests.e2e.test_plans import begin, decide, next_file, people, signs_in
from tests.support.file_server import FileServer
from tests.support.imports import Importing, csv_of, set_up_import
from tests.support.stack import Stack

HEADER = ["No", "Name", "Password"]
PEOPLE = [["1", "One", "first secret"], ["2", "Two", "second secret"], ["3", "Three", ""]]


async def _stored(stack: Stack, manager_id: str) -> dict[str, tuple[str, str]]:
    database = await stack.connect()
    rows = await database.fetch(
        "SELECT unique_id, hash, fingerprint FROM contact_passwords WHERE manager_id = $1", manager_id
    )
    await database.close()
    return {row["unique_id"]: (row["hash"], row["fingerprint"]) for row in rows}


def put_first(data: Path, key: bytes, *, keep_old: bool = True) -> None:
    """Make a key the one that seals; the older ones still open what they sealed, if they are kept."""
    keys = data / "secrets" / "sealing_keys.json"
    old = json.loads(keys.read_text(encoding="utf-8")) if keep_old else []
    keys.write_text(json.dumps([base64.b64encode(key).decode(), *old]), encoding="utf-8")


async def test_after_a_key_rotation_argon2_tells_what_changed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with FileServer() as server:
        server.files["/people.csv"] = csv_of(PEOPLE, HEADER).encode()
        async with Stack(data) as stack, stack.client() as client:
            importing = await set_up_import(
                client,
                {"kind": "remote", "url": server.url("/people.csv"), "login": "reader", "password": "for the server"},
                options={"every_time": True},
                fields=[("No", "text"), ("Name", "text"), ("Secret", "password")],
                mapping=[("No", "No"), ("Name", "Name"), ("Password", "Secret")],
            )
            assert (await importing.run())["counts"]["added"] == 3
            before = await _stored(stack, importing.manager_id)

        put_first(data, secrets.token_bytes(32))

        changed = [PEOPLE[0], ["2", "Two", "another secret"], PEOPLE[2]]
        server.files["/people.csv"] = csv_of(changed, HEADER).encode()
        async with Stack(data) as stack, stack.client() as client:
            again = Importing(client, importing.manager_id, importing.import_id)
            run = await again.run()
            assert (run["status"], run["counts"]["updated"], run["counts"]["unchanged"]) == ("succeeded", 1, 2), run
            after = await _stored(stack, importing.manager_id)
            assert after["1"][0] == before["1"][0]
            assert after["1"][1] != before["1"][1]
            assert after["2"][0] != before["2"][0]
            assert (await again.run())["counts"]["unchanged"] == 3
            assert await _stored(stack, importing.manager_id) == after


async def test_a_plan_whose_passwords_no_key_opens_says_so_and_changes_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with Stack(data) as stack, stack.client() as client:
        importing = await begin(client, people(("1", "One", "first")))
        shown = await next_file(importing, people(("1", "Uno", "second")), dry_run=True)
    put_first(data, secrets.token_bytes(32), keep_old=False)
    async with Stack(data) as stack, stack.client() as client:
        again = Importing(client, importing.manager_id, importing.import_id)
        approval = await decide(again, shown, "approve")
        assert (approval["status"], approval["error"]["code"]) == ("failed", "passwords_sealed")
        assert "run the import again" in approval["error"]["message"]
        assert (await again.contacts())["1"]["Name"] == "One"
        assert await signs_in(again, "1", "first")
