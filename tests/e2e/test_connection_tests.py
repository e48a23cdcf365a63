"""Trying a source from outside: each step's verdict, with nothing stored and nothing pinned."""

from typing import Any

import pytest

from tests.support.imports import set_up_import, sftp_source
from tests.support.sftp_server import SftpServer
from tests.support.stack import Stack

Json = dict[str, Any]
pytestmark = pytest.mark.asyncio(loop_scope="session")


def verdicts(tested: Json) -> dict[str, str]:
    return {step["step"]: step["verdict"] for step in tested["steps"]}


async def test_a_source_is_tried_step_by_step(embedded_stack: Stack, sftp: SftpServer) -> None:
    (sftp.folder / "tried-1.csv").write_text("No\n1\n", encoding="utf-8")
    async with embedded_stack.client() as client:
        source = sftp_source(sftp, "tried-*.csv")
        answer = await client.post("/test-connection", json={"source": source}, timeout=60)
        assert answer.status_code == 200, answer.text
        tested = answer.json()
        assert tested["passed"]
        assert set(verdicts(tested).values()) == {"passed"}
        assert list(verdicts(tested)) == ["address", "connect", "host_key", "login", "path", "read", "stable"]
        assert tested["host_key"] == sftp.host_key_fingerprint
        assert (tested["file_name"], tested["file_bytes"]) == ("tried-1.csv", 5)

        missing = source | {"url": sftp.url("nobody.csv")}
        tested = (await client.post("/test-connection", json={"source": missing}, timeout=60)).json()
        assert not tested["passed"]
        assert tested["code"] == "file_not_found"
        assert verdicts(tested) | {"login": "passed", "path": "failed", "read": "not_reached"} == verdicts(tested)

        wrong = await client.post("/test-connection", json={"source": source | {"url": "sftp://"}}, timeout=60)
        assert wrong.status_code == 422


async def test_a_saved_import_is_tried_with_what_is_saved(embedded_stack: Stack, sftp: SftpServer) -> None:
    (sftp.folder / "saved.csv").write_text("No,Name,E-mail\n1,Ann,\n", encoding="utf-8")
    async with embedded_stack.client() as client:
        importing = await set_up_import(client, sftp_source(sftp, "saved.csv"))
        answer = await client.post(f"/imports/{importing.import_id}/test-connection", timeout=60)
        assert answer.json()["passed"], answer.text
        pinned = await client.get(f"/imports/{importing.import_id}")
        assert pinned.json()["source"]["host_key"] is None


async def test_a_private_address_is_told_as_such(embedded_stack: Stack) -> None:
    async with embedded_stack.client() as client:
        source = {"kind": "remote", "url": "http://10.1.2.3/people.csv"}
        tested = (await client.post("/test-connection", json={"source": source}, timeout=60)).json()
    assert tested["code"] == "address_blocked"
    assert verdicts(tested)["address"] == "failed"
