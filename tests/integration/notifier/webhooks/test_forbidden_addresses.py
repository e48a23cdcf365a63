"""Addresses inside of networks are never connected to, however they are written and whatever a name says."""

import asyncio
from collections.abc import Callable

import pytest

from tests.integration.notifier.webhooks.conftest import Webhooks
from tests.support.webhook_receiver import WebhookReceiver

BLOCKED = "lies in a private network, which must not be reached from here"


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1.2.3", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
        *("10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "[fe80::1]", "[fc00::1]", "[2002:7f00:1::]"),
        *("2130706433", "0x7f.1", "017700000001"),
    ],
)
async def test_private_addresses_are_blocked_however_they_are_written(webhooks: Webhooks, host: str) -> None:
    async with WebhookReceiver() as receiver, webhooks.sending(allowed=[]):
        hook = await webhooks.made(f"http://{host}:{receiver.port}/hook")
        await webhooks.finish()
        message = await webhooks.tried(hook, 1)
    assert (message.state, message.status) == ("pending", None)
    assert message.error is not None
    assert BLOCKED in message.error
    assert "A_SETTING" in message.error
    assert receiver.connections == 0


async def test_what_a_name_leads_to_is_checked_and_that_is_connected_to(
    webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is public when it is asked for once, and private ever after, is asked for once."""
    connected: list[str] = []
    asked: list[str] = []
    loop = asyncio.get_running_loop()
    look_up_really, connect_really = loop.getaddrinfo, loop.create_connection

    async def look_up(host: str, port: int, **kind: object) -> object:
        if host not in {"public.example", "private.example"}:
            return await look_up_really(host, port, **kind)  # type: ignore[arg-type]
        asked.append(host)
        public = host == "public.example" and asked.count(host) == 1
        return [(None, None, None, "", ("8.8.8.8" if public else "10.1.2.3", port))]

    async def connect(factory: Callable[[], asyncio.Protocol], host: str, port: int, **others: object) -> object:
        if host not in {"8.8.8.8", "10.1.2.3"}:
            return await connect_really(factory, host, port, **others)  # type: ignore[call-overload]
        connected.append(host)
        raise ConnectionRefusedError

    monkeypatch.setattr(loop, "getaddrinfo", look_up)
    monkeypatch.setattr(loop, "create_connection", connect)
    async with webhooks.sending(allowed=[]):
        hooks = [await webhooks.made(f"http://{name}.example/hook") for name in ("public", "private")]
        await webhooks.finish()
        public, private = [await webhooks.tried(hook, 1) for hook in hooks]
    assert (public.error, asked.count("public.example"), connected) == ("Nothing answers there.", 1, ["8.8.8.8"])
    assert private.error is not None
    assert BLOCKED in private.error


async def test_networks_that_the_settings_allow_are_reached(webhooks: Webhooks) -> None:
    async with WebhookReceiver() as receiver, webhooks.sending():
        hook = await webhooks.made(f"http://localhost:{receiver.port}/hook")
        await webhooks.finish()
        await webhooks.all_taken(hook, 1)
