"""One message for each webhook and end of a run: signed, tried again under one id, and noted."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from services.notifier.domain.webhook_retries import DELAYS
from shared.rules.webhook_secret import secret_text
from shared.sealing import Sealer
from shared.store import webhooks as store
from shared.store.webhook_deliveries import note_test, send_again
from shared.store.webhooks import OVERLAP, SECRET_PURPOSE
from tests.integration.notifier.webhooks.conftest import DEADLINE, SEALER, SECRET, Webhooks
from tests.support.waiting import until
from tests.support.webhook_receiver import Answering, WebhookReceiver, answering, cut, silent
from tests.support.webhook_signatures import is_signed_with, verified
from tests.unit.services.notifier.finished import done_with_errors

WAIT = 1.1
"""What waits are multiplied by, with the chance that the senders here are given."""


async def test_an_ended_run_is_told_once_and_can_be_verified(webhooks: Webhooks) -> None:
    webhooks.clock.time = datetime.now(UTC)
    async with WebhookReceiver() as receiver, webhooks.sending():
        hook = await webhooks.made(receiver.url("/in?key=1"))
        event = await webhooks.finish(status="succeeded", error=None)
        await webhooks.note(event)
        view = await webhooks.all_taken(hook, 1)
    (received,) = receiver.received
    told = verified(received, SECRET)
    assert (received.path, received.headers["content-type"]) == ("/in?key=1", "application/json")
    assert (told["type"], told["timestamp"]) == (
        "import.finished",
        event.occurred_at.isoformat().replace("+00:00", "Z"),
    )
    data = told["data"]
    assert (data["run_id"], data["status"], data["event_id"]) == (str(event.run_id), "succeeded", str(event.event_id))
    assert data["counts"]["read"] == 0
    (message,) = await webhooks.messages(hook)
    assert (message.state, message.status, message.tries, message.message_id) == ("delivered", 204, 1, received.id)
    assert (message.delivered_at, view.succeeded_at) == (webhooks.clock.time, webhooks.clock.time)


async def test_nothing_of_the_file_and_no_address_is_in_it(webhooks: Webhooks) -> None:
    async with WebhookReceiver() as receiver, webhooks.sending():
        hook = await webhooks.made(receiver.url())
        event = done_with_errors()
        await webhooks.finish(**{name: getattr(event, name) for name in ("problems", "problem_count", "counts")})
        await webhooks.all_taken(hook, 1)
    text = receiver.received[0].body.decode()
    assert "ops@example.org" not in text
    assert "E-mail" not in text
    assert receiver.received[0].data["problem_count"] == 15


async def test_each_webhook_is_told_what_it_wants(webhooks: Webhooks) -> None:
    staff, others = await webhooks.manager("Staff"), await webhooks.manager("Others")
    async with WebhookReceiver() as receiver:
        hooks = {
            "all": await webhooks.made(receiver.url("/all")),
            "staff": await webhooks.made(receiver.url("/staff"), manager_id=staff),
            "others": await webhooks.made(receiver.url("/others"), manager_id=others),
            "changes": await webhooks.made(receiver.url("/changes"), "contacts.changed"),
        }
        await webhooks.finish(manager_id=staff)
        async with webhooks.sending():
            await webhooks.all_taken(hooks["all"], 1)
            await webhooks.all_taken(hooks["staff"], 1)
    assert sorted(each.path for each in receiver.received) == ["/all", "/staff"]
    assert len({each.id for each in receiver.received}) == 2


async def test_a_draft_tells_nobody(webhooks: Webhooks) -> None:
    manager_id = await webhooks.manager()
    hook = await webhooks.made("http://127.0.0.1:9/")
    event = await webhooks.finish(manager_id=manager_id)
    await webhooks.db.execute(
        """INSERT INTO imports (id, manager_id, name, setup, created_at, is_draft)
        VALUES ($1, $2, 'Draft', '{}', now(), true)""",
        event.import_id,
        manager_id,
    )
    await webhooks.finish(manager_id=manager_id)
    assert len(await webhooks.messages(hook)) == 1


@pytest.mark.parametrize(
    ("behaviour", "status", "words"),
    [
        (answering(500, "out of\r\n order \x00 \x1b[31m" + "x" * 5000), 500, "It answered 500: out of order [31mxxx"),
        (answering(404), 404, "It answered 404."),
        (cut, None, "The connection failed or was cut before it answered."),
        (silent, None, "It did not answer within 1 s."),
    ],
)
async def test_what_fails_is_tried_again_under_the_same_id(
    webhooks: Webhooks, behaviour: Answering, status: int | None, words: str
) -> None:
    async with WebhookReceiver(behaviour) as receiver, webhooks.sending():
        hook = await webhooks.made(receiver.url())
        await webhooks.finish()
        message = await webhooks.tried(hook, 1)
        assert (message.state, message.status) == ("pending", status)
        assert message.error is not None
        assert message.error.startswith(words)
        assert len(message.error) < 300
        assert message.next_try_at == webhooks.clock.time + DELAYS[0] * WAIT
        webhooks.move(seconds=5)
        assert len(receiver.received) == 1
        receiver.behaviour = answering(200, "thank you")
        webhooks.move(seconds=1)
        message = await webhooks.tried(hook, 2)
    assert (message.state, message.error, message.next_try_at) == ("delivered", None, None)
    first, second = receiver.received
    assert (first.id, first.body) == (second.id, second.body)
    assert int(second.headers["webhook-timestamp"]) == int(first.headers["webhook-timestamp"]) + 6
    assert is_signed_with(second, SECRET)


async def test_after_three_days_a_webhook_that_took_nothing_is_disabled_and_can_be_enabled(webhooks: Webhooks) -> None:
    began = webhooks.clock.time
    async with WebhookReceiver(answering(503)) as receiver, webhooks.sending():
        hook = await webhooks.made(receiver.url())
        await webhooks.finish()
        for place, delay in enumerate(DELAYS, start=1):
            message = await webhooks.tried(hook, place)
            assert message.next_try_at == webhooks.clock.time + delay * WAIT
            webhooks.move(seconds=(delay * WAIT).total_seconds())
        message = await webhooks.tried(hook, len(DELAYS) + 1)
        assert (message.state, message.next_try_at) == ("failed", None)
        assert timedelta(days=3) < webhooks.clock.time - began < timedelta(days=4)
        view = await webhooks.view(hook)
        assert view.state == "disabled"
        assert view.reason == ("A message was tried for three days, and not taken. The newest reason: It answered 503.")
        await webhooks.finish()
        receiver.behaviour = answering(200)
        await store.enable_webhook(webhooks.db, hook, now=webhooks.clock.time)
        view = await webhooks.all_taken(hook, 1)
    assert (view.state, view.reason) == ("enabled", None)
    assert len({each.id for each in receiver.received}) == 2


async def test_one_message_that_is_never_taken_does_not_disable_what_takes_others(webhooks: Webhooks) -> None:
    async with WebhookReceiver(answering(400)) as receiver, webhooks.sending():
        hook = await webhooks.made(receiver.url())
        await webhooks.finish()
        await webhooks.tried(hook, 1)
        await webhooks.db.execute("UPDATE webhook_deliveries SET tries = 9 WHERE webhook_id = $1", hook)
        receiver.behaviour = answering(200)
        webhooks.clock.time += timedelta(seconds=1)
        await webhooks.finish()
        await webhooks.tried(hook, 1)
        receiver.behaviour = answering(400)
        webhooks.move(seconds=10)

        async def given_up() -> bool:
            return (await webhooks.messages(hook))[0].state == "failed"

        await until(given_up, within=DEADLINE, what="the first message is given up")
        assert (await webhooks.view(hook)).state == "enabled"


@pytest.mark.parametrize("asked", ["3600", "Sat, 28 Nov 2026 13:00:00 GMT"])
async def test_a_receiver_that_asks_for_time_gets_it(webhooks: Webhooks, asked: str) -> None:
    async with WebhookReceiver(answering(429, Retry_After=asked)) as receiver, webhooks.sending():
        hook = await webhooks.made(receiver.url())
        await webhooks.finish()
        message = await webhooks.tried(hook, 1)
        assert message.next_try_at == webhooks.clock.time + timedelta(hours=1)
        receiver.behaviour = answering(200)
        # What comes meanwhile has to wait as well.
        await webhooks.finish()
        other = await webhooks.made(receiver.url("/other"))
        await webhooks.finish()
        await webhooks.all_taken(other, 1)
        assert [each.path for each in receiver.received] == ["/hook", "/other"]
        webhooks.move(hours=1)
        await webhooks.all_taken(hook, 3)


async def test_gone_is_taken_at_its_word(webhooks: Webhooks) -> None:
    async with WebhookReceiver(answering(410)) as receiver, webhooks.sending():
        hook = await webhooks.made(receiver.url())
        await webhooks.finish()
        message = await webhooks.tried(hook, 1)
        view = await webhooks.view(hook)
        assert (message.state, view.state) == ("failed", "disabled")
        assert view.reason == "The receiver answered that it is gone (410)."
        await webhooks.finish()
        webhooks.move(days=1)
        other = await webhooks.made(receiver.url("/other"))
        await webhooks.finish()
        await webhooks.tried(other, 1)
    assert [each.path for each in receiver.received] == ["/hook", "/other"]


async def test_no_redirect_is_followed(webhooks: Webhooks) -> None:
    async with (
        WebhookReceiver() as secret,
        WebhookReceiver(answering(307, Location=secret.url())) as receiver,
        webhooks.sending(),
    ):
        hook = await webhooks.made(receiver.url())
        await webhooks.finish()
        message = await webhooks.tried(hook, 1)
    assert (message.state, message.error) == ("pending", "It answered 307: redirects are not followed.")
    assert secret.received == []


async def test_with_a_new_secret_both_count_for_a_day(webhooks: Webhooks) -> None:
    new = secret_text(bytes(32))
    async with WebhookReceiver() as receiver, webhooks.sending():
        hook = await webhooks.made(receiver.url())
        until_then = await store.replace_secret(
            webhooks.db, hook, SEALER.seal(new, SECRET_PURPOSE), now=webhooks.clock.time
        )
        assert until_then == webhooks.clock.time + OVERLAP
        await webhooks.finish()
        await webhooks.all_taken(hook, 1)
        webhooks.move(hours=24)
        await webhooks.finish()
        await webhooks.all_taken(hook, 2)
    first, second = receiver.received
    assert [is_signed_with(first, each) for each in (new, SECRET)] == [True, True]
    assert [is_signed_with(second, each) for each in (new, SECRET)] == [True, False]


async def test_while_it_is_paused_messages_wait_and_a_test_goes_all_the_same(webhooks: Webhooks) -> None:
    async with WebhookReceiver() as receiver, webhooks.sending():
        hook = await webhooks.made(receiver.url())
        await store.pause_webhook(webhooks.db, hook, now=webhooks.clock.time)
        await webhooks.finish()
        receiver.behaviour = answering(500)
        await note_test(webhooks.db, hook, now=webhooks.clock.time)
        message = await webhooks.tried(hook, 1)
        assert (message.type, message.state, message.status) == ("webhook.test", "failed", 500)
        assert [each.type for each in receiver.received] == ["webhook.test"]
        receiver.behaviour = answering(200)
        await store.enable_webhook(webhooks.db, hook, now=webhooks.clock.time)
        await webhooks.all_taken(hook, 1)
    assert [each.type for each in receiver.received] == ["webhook.test", "import.finished"]


async def test_a_test_does_not_shorten_a_pause_that_the_receiver_asked_for(webhooks: Webhooks) -> None:
    async with WebhookReceiver(answering(503, **{"Retry-After": "3600"})) as receiver, webhooks.sending():
        hook = await webhooks.made(receiver.url())
        await webhooks.finish()
        await webhooks.tried(hook, 1)
        receiver.behaviour = answering(200)
        await note_test(webhooks.db, hook, now=webhooks.clock.time)
        other = await webhooks.made(receiver.url("/other"))
        await webhooks.finish()
        await webhooks.all_taken(other, 1)
        assert [each.path for each in receiver.received] == ["/hook", "/other"]
        webhooks.move(hours=2)
        await webhooks.all_taken(hook, 3)


async def test_one_message_can_be_sent_once_more(webhooks: Webhooks) -> None:
    async with WebhookReceiver() as receiver, webhooks.sending():
        hook = await webhooks.made(receiver.url())
        await webhooks.finish()
        await webhooks.all_taken(hook, 1)
        (message,) = await webhooks.messages(hook)
        await send_again(webhooks.db, hook, message.id, now=webhooks.clock.time)
        await until(lambda: len(receiver.received) == 2, within=DEADLINE, what="it is sent once more")
        await webhooks.all_taken(hook, 1)
    first, second = receiver.received
    assert (first.id, first.body) == (second.id, second.body)


async def test_a_receiver_that_never_answers_holds_up_no_other(webhooks: Webhooks) -> None:
    async with WebhookReceiver(silent) as slow, WebhookReceiver() as quick:
        slow_hook = await webhooks.made(slow.url())
        hooks = [await webhooks.made(quick.url(f"/{place}")) for place in range(5)]
        for _ in range(20):
            await webhooks.finish()
        async with webhooks.sending(at_once=2):
            for hook in hooks:
                await webhooks.all_taken(hook, 20)
        assert len(quick.received) == 100
        assert {each.type for each in slow.received} == {"import.finished"}
        assert (await webhooks.view(slow_hook)).messages_waiting.count == 20
        assert len(slow.received) == 1


async def test_messages_of_one_turn_share_a_connection(webhooks: Webhooks) -> None:
    async with WebhookReceiver() as receiver:
        hook = await webhooks.made(receiver.url())
        for _ in range(30):
            await webhooks.finish()
        async with webhooks.sending():
            await webhooks.all_taken(hook, 30)
    assert len(receiver.received) == 30
    assert receiver.connections == 1


async def test_several_senders_share_the_work_and_send_each_message_once(webhooks: Webhooks) -> None:
    async with WebhookReceiver() as receiver:
        hooks = [await webhooks.made(receiver.url(f"/{place}")) for place in range(6)]
        async with webhooks.sending(), webhooks.sending(), webhooks.sending():
            for _ in range(20):
                await webhooks.finish()
            for hook in hooks:
                await webhooks.all_taken(hook, 20)
    assert len(receiver.received) == 120
    assert len({(each.path, each.id) for each in receiver.received}) == 120


async def test_without_its_key_a_webhook_rests_and_others_are_told(webhooks: Webhooks) -> None:
    other = Sealer([bytes(range(32))])
    async with WebhookReceiver() as receiver, webhooks.sending(sealer=other):
        hook = await webhooks.made(receiver.url("/lost"))
        sealed = other.seal(SECRET, SECRET_PURPOSE)
        fine = await webhooks.made(receiver.url("/fine"))
        await webhooks.db.execute("UPDATE webhooks SET secret = $2 WHERE id = $1", fine, sealed)
        await webhooks.finish()
        await webhooks.all_taken(fine, 1)

        async def rests() -> bool:
            return bool(await webhooks.db.fetchval("SELECT rests_until FROM webhooks WHERE id = $1", hook))

        await until(rests, within=DEADLINE, what="the one without its key rests")
        await webhooks.db.execute("UPDATE webhooks SET secret = $2 WHERE id = $1", hook, sealed)
        webhooks.move(minutes=5)
        await webhooks.all_taken(hook, 1)


async def test_old_messages_go(webhooks: Webhooks) -> None:
    async with WebhookReceiver() as receiver:
        hook, paused = await webhooks.made(receiver.url()), await webhooks.made(receiver.url("/paused"))
        await store.pause_webhook(webhooks.db, paused, now=webhooks.clock.time)
        async with webhooks.sending():
            await webhooks.finish()
            await webhooks.all_taken(hook, 1)
            webhooks.move(days=8)

            async def gone(of: object) -> bool:
                return not await webhooks.db.fetchval(
                    "SELECT count(*) FROM webhook_deliveries WHERE webhook_id = $1", of
                )

            await until(lambda: gone(hook), within=DEADLINE, what="what was taken a week ago is gone")
            assert not await gone(paused)
            webhooks.move(days=23)
            await until(lambda: gone(paused), within=DEADLINE, what="what waited for a month is gone")


async def test_a_long_answer_is_not_waited_for(webhooks: Webhooks) -> None:
    async def endless(_: object, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
            await writer.drain()

    async with WebhookReceiver(endless) as receiver, webhooks.sending():
        hook = await webhooks.made(receiver.url())
        await webhooks.finish()
        message = await webhooks.tried(hook, 1)
    assert (message.state, message.error) == ("delivered", None)


async def test_an_answer_that_trickles_counts_by_its_status(webhooks: Webhooks) -> None:
    async def trickling(_: object, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
        await asyncio.Event().wait()

    async with WebhookReceiver(trickling) as receiver, webhooks.sending():
        hook = await webhooks.made(receiver.url())
        await webhooks.finish()
        message = await webhooks.tried(hook, 1)
    assert (message.state, len(receiver.received)) == ("delivered", 1)
    assert json.loads(receiver.received[0].body)
