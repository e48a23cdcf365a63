"""Whole fetches from servers that misbehave: resumed where that is possible, refused with a stable code where not."""

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from services.fetcher.adapters.http_transport import HttpTransport
from services.fetcher.ports import Credentials, FileState
from services.fetcher.remote_fetch import RemoteFetch
from services.fetcher.settings import FetcherSettings
from shared.clock import SystemClock
from shared.errors import ContactsSyncError
from shared.rules.link import parse_link
from tests.integration.fetcher.reading import SETTINGS
from tests.support.hostile_http import MODIFIED, Behaviour, HostileHttpServer, Request, send_file, send_head

CONTENT = random.Random(5).randbytes(5_000_000)
QUICK = SETTINGS.model_copy(update={"attempts": 3, "idle_seconds": 0.4})


def fetch_of(url: str, settings: FetcherSettings = QUICK, **others: object) -> RemoteFetch:
    """Return a fetch that waits for hardly anything between its attempts."""
    transport = HttpTransport(settings)
    others.setdefault("chance", lambda: -1.0)  # with -1 every wait is 0 seconds
    return RemoteFetch(transport, parse_link(url), Credentials(), settings, SystemClock(), **others)  # type: ignore[arg-type]


async def fetched(fetch: RemoteFetch) -> bytes | None:
    """Return the whole file, None where it is the known one."""
    try:
        if not await fetch.begin():
            return None
        return b"".join([block async for block in fetch.blocks()])
    finally:
        await fetch.close()


async def failure(behaviour: Behaviour, settings: FetcherSettings = QUICK) -> str:
    """Return the code with which a fetch fails."""
    async with HostileHttpServer(behaviour) as server:
        with pytest.raises(ContactsSyncError) as failed:
            await fetched(fetch_of(server.url(), settings))
        return failed.value.code


def cutting(after: int, times: int) -> Behaviour:
    """Serve well, but cut the first so many connections after so many bytes."""
    left = times

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        if request.method == "HEAD" or left == 0:
            await send_file(request, writer, CONTENT)
            return
        left -= 1
        offset = request.offset
        await send_head(
            writer,
            206 if offset else 200,
            Content_Length=len(CONTENT) - offset,
            Content_Range=f"bytes {offset}-{len(CONTENT) - 1}/{len(CONTENT)}" if offset else None,
            ETag='"one"',
            Last_Modified=MODIFIED,
        )
        writer.write(CONTENT[offset : offset + after])
        await writer.drain()

    return behave


async def test_a_cut_at_90_percent_costs_10() -> None:
    async with HostileHttpServer(cutting(4_500_000, 1)) as server:
        assert await fetched(fetch_of(server.url())) == CONTENT
    first, second, last = server.requests
    assert (first.method, first.offset) == ("GET", 0)
    assert second.offset == 4_500_000
    assert second.headers["if-range"] == '"one"'
    assert last.method == "HEAD"


async def test_many_cuts_with_progress_between_them_are_all_mended() -> None:
    async with HostileHttpServer(cutting(1_100_000, 4)) as server:
        assert await fetched(fetch_of(server.url())) == CONTENT


async def test_a_server_that_never_gets_on_is_given_up() -> None:
    async with HostileHttpServer(cutting(1_000, 1_000_000)) as server:
        with pytest.raises(ContactsSyncError) as failed:
            await fetched(fetch_of(server.url()))
    assert failed.value.code == "connection_lost"
    assert len(server.requests) == QUICK.attempts


async def test_a_file_that_became_another_is_not_resumed() -> None:
    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.offset:
            await send_file(request, writer, CONTENT[::-1], etag='"two"')
        else:
            await cut(request, writer)

    cut = cutting(2_000_000, 1)
    assert await failure(behave) == "file_changing"


async def test_a_server_without_ranges_is_asked_for_all_again() -> None:
    """Where the file is known to be the same, what is there already is passed over."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        request.headers.pop("range", None)
        await cut(request, writer)

    cut = cutting(2_000_000, 1)
    async with HostileHttpServer(behave) as server:
        assert await fetched(fetch_of(server.url())) == CONTENT


async def test_without_ranges_and_validators_nothing_is_pieced_together() -> None:
    sent = 0

    async def behave(_request: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        sent += 1
        await send_head(writer, 200, Content_Length=10)
        writer.write(b"12345" if sent == 1 else b"abcdefghij")
        await writer.drain()

    assert await failure(behave) == "resume_refused"


async def stall(request: Request, writer: asyncio.StreamWriter) -> None:
    offset = request.offset
    partial = f"bytes {offset}-9/10" if offset else None
    await send_head(writer, 206 if offset else 200, Content_Length=10 - offset, Content_Range=partial)
    writer.write(b"12345"[offset:])
    await writer.drain()
    await asyncio.Event().wait()


async def say_nothing(_request: Request, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def announce_too_much(request: Request, writer: asyncio.StreamWriter) -> None:
    offset = request.offset
    await send_head(
        writer,
        206 if offset else 200,
        Content_Length=100 - offset,
        Content_Range=f"bytes {offset}-99/100" if offset else None,
    )
    writer.write(b"a;b\n1;2\n"[offset:])
    await writer.drain()


async def announce_10_gib(_request: Request, writer: asyncio.StreamWriter) -> None:
    await send_head(writer, 200, Content_Length=(10 << 30) + 1)


async def talk_nonsense(_request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\x01 hello, is it me you are looking for\r\n\r\n")
    await writer.drain()


async def send_endless_headers(_request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"x-header: " + b"x" * 1000 + b"\r\n")
        await writer.drain()


def redirecting(location: str) -> Behaviour:
    async def behave(_request: Request, writer: asyncio.StreamWriter) -> None:
        await send_head(writer, 302, Location=location, Content_Length=0)

    return behave


def answering(status: int) -> Behaviour:
    async def behave(_request: Request, writer: asyncio.StreamWriter) -> None:
        await send_head(writer, status, Content_Length=0)

    return behave


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (stall, "server_stalled"),
        (say_nothing, "server_stalled"),
        (announce_too_much, "connection_lost"),
        (announce_10_gib, "file_too_large"),
        (talk_nonsense, "server_garbled"),
        (send_endless_headers, "server_garbled"),
        (redirecting("/people.csv"), "too_many_redirects"),
        (redirecting("http://10.1.2.3/people.csv"), "address_blocked"),
        (redirecting("http://[::ffff:10.1.2.3]/people.csv"), "address_blocked"),
        (redirecting("file:///etc/passwd"), "redirect_invalid"),
        (redirecting("http://[nonsense/"), "host_unknown"),
        (answering(401), "login_refused"),
        (answering(403), "file_forbidden"),
        (answering(404), "file_not_found"),
        (answering(418), "server_refused"),
        (answering(503), "server_error"),
        (answering(304), "server_refused"),
        (answering(206), "server_refused"),
    ],
)
async def test_each_fault_has_its_code(behaviour: Behaviour, code: str) -> None:
    assert await failure(behaviour) == code


@pytest.mark.parametrize(("status", "times"), [(401, 1), (404, 1), (503, QUICK.attempts)])
async def test_what_cannot_pass_is_not_tried_again(status: int, times: int) -> None:
    async with HostileHttpServer(answering(status)) as server:
        with pytest.raises(ContactsSyncError):
            await fetched(fetch_of(server.url()))
    assert len(server.requests) == times


async def test_credentials_stay_with_the_host_they_are_for() -> None:
    async def serve(request: Request, writer: asyncio.StreamWriter) -> None:
        await send_file(request, writer, CONTENT)

    credentials = Credentials(login="people", password="secret", headers={"x-api-key": "secret"})
    async with HostileHttpServer(serve) as target, HostileHttpServer(redirecting(target.url())) as server:
        fetch = RemoteFetch(HttpTransport(QUICK), parse_link(server.url()), credentials, QUICK, SystemClock())
        assert await fetched(fetch) == CONTENT
    assert {"authorization", "x-api-key"} <= server.requests[0].headers.keys()
    assert not {"authorization", "x-api-key"} & target.requests[0].headers.keys()


async def test_a_name_that_changes_its_address_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first answer is public, the second a private address: what is connected to is what was checked."""
    connected: list[str] = []
    answers = iter(["203.0.113.1", "8.8.8.8"])
    loop = asyncio.get_running_loop()

    async def look_up(_host: str, port: int, **_kind: object) -> list[tuple[object, ...]]:
        return [(None, None, None, "", (next(answers, "127.0.0.1"), port))]

    async def connect(_factory: Callable[[], object], host: str, _port: int, **_others: object) -> None:
        connected.append(host)
        raise ConnectionRefusedError

    monkeypatch.setattr(loop, "getaddrinfo", look_up)
    monkeypatch.setattr(loop, "create_connection", connect)
    public = QUICK.model_copy(update={"allowed_networks": []})
    answers = iter(["8.8.8.8", "127.0.0.1", "127.0.0.1"])
    with pytest.raises(ContactsSyncError) as failed:
        await fetched(fetch_of("http://rebinding.example/people.csv", public))
    assert failed.value.code == "address_blocked"
    assert connected == []


async def test_the_known_file_is_not_sent_again() -> None:
    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.headers.get("if-none-match") == '"one"':
            await send_head(writer, 304)
        else:
            await send_file(request, writer, CONTENT)

    async with HostileHttpServer(behave) as server:
        assert await fetched(fetch_of(server.url(), known=FileState(etag='"one"'))) is None
        assert await fetched(fetch_of(server.url(), known=FileState(etag='"two"'))) == CONTENT


async def test_a_file_that_grows_is_never_taken() -> None:
    content = bytearray(b"No,Name\n")

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        content.extend(b"1,Ann\n")
        await send_file(request, writer, bytes(content))

    assert await failure(behave) == "file_changing"


async def test_a_file_written_to_just_now_is_waited_for() -> None:
    """Two looks that differ, then rest: the fetch begins only then."""
    sizes = iter([8, 16, 24])
    now = datetime.now(UTC) + timedelta(days=1)

    class Tomorrow:
        def now(self) -> datetime:
            return now

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        await send_head(
            writer,
            200,
            Content_Length=next(sizes, 24),
            Last_Modified=now.strftime("%a, %d %b %Y %H:%M:%S GMT"),
            Date=(now + timedelta(seconds=30)).strftime("%a, %d %b %Y %H:%M:%S GMT"),
        )
        if request.method == "GET":
            writer.write(b"a" * 24)
            await writer.drain()

    async with HostileHttpServer(behave) as server:
        transport = HttpTransport(QUICK)
        fetch = RemoteFetch(transport, parse_link(server.url()), Credentials(), QUICK, Tomorrow())
        assert await fetched(fetch) == b"a" * 24
    assert [request.method for request in server.requests] == ["GET", "HEAD", "HEAD", "HEAD", "GET", "HEAD"]
