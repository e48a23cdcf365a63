"""The page for those on call, as a browser without scripts sees it, through the real services."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from tests.support.page_tour import signed_in
from tests.support.stack import Stack
from tests.support.waiting import until

REPLAY = "/operations/dead-letters/replay"


@pytest.fixture
async def browser(embedded_stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with signed_in(embedded_stack) as browser:
        yield browser


async def csrf(browser: httpx.AsyncClient) -> str:
    token: str = re.findall(r'name="csrf" value="([^"]+)"', (await browser.get("/operations")).text)[0]
    return token


async def publish(stack: Stack, topic: str, body: bytes) -> None:
    producer: Any = AIOKafkaProducer(  # type: ignore[no-untyped-call]
        bootstrap_servers=stack.ready["kafka"], enable_idempotence=False
    )
    await producer.start()
    try:
        await producer.send_and_wait(topic, body)
    finally:
        await producer.stop()


async def test_a_record_that_was_set_aside_is_shown_and_handled_again(
    browser: httpx.AsyncClient, embedded_stack: Stack
) -> None:
    await publish(embedded_stack, "import.finished", b'{"told": "<b>nonsense</b>"}')

    async def offsets() -> list[str]:
        shown = (await browser.get("/operations/dead-letters")).text
        assert "<b>nonsense" not in shown
        about = re.findall(r'name="topic" value="import.finished">.*?name="offset" value="(\d+)"', shown)
        return about if "&lt;b&gt;nonsense" in shown else []

    seen = await until(offsets, within=60, what="the record is set aside")
    assert '<td><time datetime="20' in (await browser.get("/operations/dead-letters")).text
    token = await csrf(browser)
    again = await browser.post(
        REPLAY, data={"csrf": token, "topic": "import.finished", "partition": "0", "offset": seen[0]}
    )
    assert (again.status_code, again.headers["location"]) == (303, "/operations/dead-letters?said=import.finished")
    assert "said again on import.finished" in (await browser.get(again.headers["location"])).text

    async def came_again() -> bool:
        return len(await offsets()) > len(seen)

    await until(came_again, within=60, what="the record is handled, and set aside, once more")
    async with embedded_stack.client() as client:
        newest = (await client.get("/audit", params={"limit": 1})).json()["items"][0]
    assert (newest["what"], newest["object_kind"]) == ("dead_letter.replayed", "system")


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"topic": "none.such", "partition": "0", "offset": "0"}, "There is no topic"),
        ({"topic": "chunk.ready", "partition": "0", "offset": "99999"}, "has no record at partition 0, offset 99999"),
        ({"topic": "chunk.ready", "partition": "7", "offset": "0"}, "has no record at partition 7, offset 0"),
        ({"topic": "chunk.ready", "partition": "x", "offset": "0"}, "list the records anew"),
    ],
)
async def test_a_record_that_is_not_there_is_told(browser: httpx.AsyncClient, sent: dict[str, str], told: str) -> None:
    answer = await browser.post(REPLAY, data={"csrf": await csrf(browser)} | sent)
    assert answer.status_code in {404, 422}
    assert told in answer.text


async def test_each_process_of_each_service_is_told_of(browser: httpx.AsyncClient, embedded_stack: Stack) -> None:
    async with embedded_stack.client() as client:

        async def working() -> dict[str, list[str]] | None:
            services = (await client.get("/operations")).json()["services"] or []
            found = {
                each["service"]: [one["process_id"] for one in each["processes"] if one["state"] == "working"]
                for each in services
            }
            return found if found and all(found.values()) else None

        before = await until(working, within=60, what="all services report")
        assert set(before) == {"scheduler", "fetcher", "parser", "syncer", "notifier"}
        assert embedded_stack.kill_service("notifier")

        async def another() -> bool:
            return bool(set(((await working()) or {}).get("notifier", [])) - set(before["notifier"]))

        await until(another, within=60, what="the notifier that was started anew reports")
    shown = (await browser.get("/operations")).text
    rows = re.findall(r"<tr><td>(scheduler|fetcher|parser|syncer|notifier)</td>\s*<td>(.*?)</td>", shown, re.DOTALL)
    assert {service for service, state in rows if "Works" in state} == set(before)
    assert "No process of it is heard of" not in shown
