"""Whatever a mail server does, every mail arrives, none differs, and none comes again under another Message-ID."""

import asyncio
import random
from collections.abc import Callable

import pytest

from shared.errors import TransientError
from tests.integration.notifier.conftest import Notifier, Notifiers
from tests.support.faulty_smtp import CUTS, PUTS_OFF, FaultySmtp, serving

MAILS = 1000
MOST_ROUNDS = 60
SAFE_CUTS = frozenset({"end", "answer"})
"""After these the server has the mail, and the notifier cannot know."""


def once(fault: str) -> Callable[[], str | None]:
    left = [fault]
    return lambda: left.pop() if left else None


async def all_sent(notifiers: Notifiers, *senders: Notifier) -> None:
    """Have the notifiers send, time and again, until nothing is left."""
    for _ in range(MOST_ROUNDS):
        await asyncio.gather(*(sender.send() for sender in senders), return_exceptions=True)
        if not await notifiers.db.fetchval("SELECT count(*) FROM outgoing_mails WHERE next_try_at IS NOT NULL"):
            return
        notifiers.clock.move(minutes=10)
    raise AssertionError("mails are left")


@pytest.mark.parametrize("fault", [*CUTS, *PUTS_OFF])
async def test_a_dialogue_that_breaks_off_anywhere(notifiers: Notifiers, fault: str) -> None:
    async with serving(FaultySmtp(once(fault))) as server:
        notifier = await notifiers.start(server.url)
        event = await notifiers.ended_run()
        await notifier.hear(event)
        await all_sent(notifiers, notifier)
    (copies,) = server.taken.values()
    assert len(copies) == (2 if fault in SAFE_CUTS else 1)
    assert len(set(copies)) == 1
    noted = await notifiers.noted(event)
    assert noted["sent_at"] is not None
    assert noted["refused"] == {}


async def test_a_connection_that_the_server_ends_between_mails_is_made_anew(notifiers: Notifiers) -> None:
    async with serving(FaultySmtp()) as server:
        notifier = await notifiers.start(server.url)
        for _ in range(3):
            await notifier.hear(await notifiers.ended_run())
            await notifier.sender.send_due(notifier.connection)
            assert notifier.connection._client is not None  # noqa: SLF001 - what the server does to it
            transport = notifier.connection._client.transport  # noqa: SLF001
            assert transport is not None
            transport.close()
    assert (server.count, server.connections) == (3, 3)


async def test_tls_that_is_offered_and_then_refused_is_waited_for(notifiers: Notifiers) -> None:
    async with serving(FaultySmtp(tls_answer="454 4.7.0 TLS not available for now")) as server:
        notifier = await notifiers.start(server.url)
        event = await notifiers.ended_run()
        with pytest.raises(TransientError, match="454"):
            await notifier(event)
        assert server.taken == {}, "never in clear where TLS was offered"
        server.tls_answer = None
        await notifier.send()
    assert server.count == 1
    assert (await notifiers.noted(event))["sent_at"] is not None


async def test_a_thousand_failures_at_once(notifiers: Notifiers, seed: int, *, is_long: bool) -> None:
    choice = random.Random(seed)
    mails = MAILS if is_long else MAILS // 10
    faults = [*CUTS, *PUTS_OFF]
    async with serving(FaultySmtp(lambda: choice.choice(faults) if choice.random() < 0.5 else None)) as server:
        senders = [await notifiers.start(server.url) for _ in range(4)]
        events = [await notifiers.ended_run() for _ in range(mails)]
        for event in events:
            await choice.choice(senders).hear(event)
        await all_sent(notifiers, *senders)
    assert set(server.taken) == {f"<run-{event.run_id}@contacts-sync>" for event in events}
    assert [name for name, copies in server.taken.items() if len(set(copies)) > 1] == []
    assert server.count < 2 * mails
