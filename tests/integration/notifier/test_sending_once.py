"""One mail for each run, whatever happens in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

import asyncpg
import pytest

from services.notifier.adapters.mail_pace import MailPace
from shared.ids import new_id
from tests.integration.notifier.choosy_smtp import ChoosyServer, serving
from tests.integration.notifier.conftest import Notifiers
from tests.support.smtp_server import SmtpServer
from tests.support.waiting import until
from tests.unit.services.notifier.warned import warned

DEADLINE = 20


def has_mails(server: SmtpServer, count: int) -> bool:
    return len(server.mails) == count


NOTE_FAILS = """
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'as if it had crashed'; END $$;
CREATE TRIGGER fails BEFORE UPDATE OF sent_at ON outgoing_mails FOR EACH ROW EXECUTE FUNCTION fail();
"""
NOTE_WORKS = "DROP FUNCTION fail CASCADE"
ENDS_IDLE = "ALTER DATABASE {} SET idle_in_transaction_session_timeout = '200ms'"
ENDS_NONE = "ALTER DATABASE {} RESET idle_in_transaction_session_timeout"
IS_IDLE = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
    AND application_name = 'contacts-sync-notifier' AND state = 'idle in transaction'
    AND clock_timestamp() - state_change > interval '1 second')
"""


async def test_a_run_that_failed_sends_one_mail_however_often_the_event_comes(notifiers: Notifiers) -> None:
    async with SmtpServer() as server:
        notify = await notifiers.start(server.url)
        event = await notifiers.ended_run(error_emails=["a@example.org", "b@example.org"])
        await notify(event)
        await notify(event)
        await (await notifiers.start(server.url))(event)
    (mail,) = server.mails
    assert mail.sender == "cs@example.org"
    assert mail.recipients == ("a@example.org", "b@example.org")
    assert mail.message["Message-ID"] == f"<run-{event.run_id}@contacts-sync>"
    assert mail.message["Subject"].startswith("Failed: HR file")
    noted = await notifiers.noted(event)
    assert noted["message_id"] == mail.message["Message-ID"]
    assert noted["recipients"] == ["a@example.org", "b@example.org"]
    assert noted["sent_at"] == notifiers.clock.now()


@pytest.mark.parametrize("changes", [{"status": "succeeded"}, {"status": "unchanged"}, {"error_emails": []}])
async def test_no_mail_where_none_is_due(notifiers: Notifiers, changes: dict[str, object]) -> None:
    async with SmtpServer() as server:
        notify = await notifiers.start(server.url)
        event = await notifiers.ended_run(**changes)
        await notify(event)
    assert server.mails == []
    assert await notifiers.found(event.run_id) is None


async def test_a_crash_between_sending_and_noting_repeats_the_very_same_mail(notifiers: Notifiers) -> None:
    async with SmtpServer() as server:
        notify = await notifiers.start(server.url)
        event = await notifiers.ended_run()
        await notifiers.db.execute(NOTE_FAILS)
        try:
            with pytest.raises(asyncpg.RaiseError):
                await notify(event)
        finally:
            await notifiers.db.execute(NOTE_WORKS)
        assert len(server.mails) == 1
        await notify(event)
        await notify(event)
    first, second = server.mails
    assert first.raw == second.raw
    assert first.message["Message-ID"] == second.message["Message-ID"]


async def test_a_mail_that_is_refused_for_now_is_sent_later(notifiers: Notifiers) -> None:
    async with SmtpServer() as server:
        notify = await notifiers.start(server.url)
        event = await notifiers.ended_run()
        server.refuse_next(1)
        await notify(event)
        assert (await notifiers.noted(event))["sent_at"] is None
        notifiers.clock.move(seconds=5)
        await notify.send()
    assert len(server.mails) == 1


async def test_two_notifiers_at_once_send_each_mail_once(notifiers: Notifiers) -> None:
    async with serving(ChoosyServer(holds=True)) as server:
        one, other = [await notifiers.start(f"smtp://127.0.0.1:{server.port}") for _ in range(2)]
        event = await notifiers.ended_run()
        async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as tasks:
            tasks.create_task(one(event))
            await server.holding.wait()
            await other(event)
            following = await notifiers.ended_run()
            server.holding.clear()
            tasks.create_task(other(following))
            await server.holding.wait()
            server.release.set()
    assert server.taken == [("ops@example.org",)] * 2


async def test_a_notifier_that_is_asked_to_stop_finishes_the_mail_in_hand_and_leaves_the_rest(
    notifiers: Notifiers,
) -> None:
    async with serving(ChoosyServer(holds=True)) as server:
        url = f"smtp://127.0.0.1:{server.port}"
        first, second = await notifiers.start(url), await notifiers.start(url)
        events = [await notifiers.ended_run() for _ in range(2)]
        for event in events:
            await first.hear(event)
        stopped = asyncio.create_task(first.send())
        async with asyncio.timeout(DEADLINE):
            await server.holding.wait()
            stopped.cancel()
            server.release.set()
            await asyncio.gather(stopped, return_exceptions=True)
            assert len(server.taken) == 1
            assert await second.send() == 1
    assert server.taken == [("ops@example.org",)] * 2
    assert all([(await notifiers.noted(event))["sent_at"] for event in events])


async def test_a_database_that_ends_idle_transactions_does_not_have_a_mail_sent_again(notifiers: Notifiers) -> None:
    name = await notifiers.db.fetchval("SELECT quote_ident(current_database())")
    await notifiers.db.execute(ENDS_IDLE.format(name))
    try:
        async with serving(ChoosyServer(holds=True)) as server:
            notify = await notifiers.start(f"smtp://127.0.0.1:{server.port}")
            event = await notifiers.ended_run()
            sending = asyncio.create_task(notify(event))
            async with asyncio.timeout(DEADLINE):
                await server.holding.wait()
            await until(partial(notifiers.db.fetchval, IS_IDLE), within=DEADLINE, what="the transaction is kept")
            server.release.set()
            await sending
            await notify.send()
    finally:
        await notifiers.db.execute(ENDS_NONE.format(name))
    assert server.taken == [("ops@example.org",)]
    assert (await notifiers.noted(event))["sent_at"] is not None


class WatchedPace(MailPace):
    """Counts the connections that are in use as a mail waits for its time."""

    used: tuple[int, ...] = ()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        self.used += (self.count(),)
        async with super().turn():
            yield

    def count(self) -> int:
        raise NotImplementedError


async def test_a_mail_that_waits_for_its_time_holds_no_connection(notifiers: Notifiers) -> None:
    async with SmtpServer() as server:
        pace = WatchedPace(None)
        notify = await notifiers.start(server.url, pace=pace)
        pool = notify.database.pool
        pace.count = lambda: pool.get_size() - pool.get_idle_size()  # type: ignore[method-assign]
        await notify(await notifiers.ended_run())
    assert pace.used == (0, 0)


async def test_a_notifier_that_runs_sends_what_is_noted_and_what_becomes_due(notifiers: Notifiers) -> None:
    notifiers.clock.time = datetime.now(UTC)
    async with SmtpServer() as server:
        notify = await notifiers.start(server.url, connections=2)
        running = asyncio.create_task(notify.sender.run())
        for number in range(3):
            await notify.hear(await notifiers.ended_run())
            await until(partial(has_mails, server, number + 1), within=DEADLINE, what="it is sent")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_run_that_is_no_longer_kept_sends_none(notifiers: Notifiers) -> None:
    async with SmtpServer() as server:
        notify = await notifiers.start(server.url)
        event = await notifiers.ended_run()
        await notifiers.db.execute("DELETE FROM managers WHERE id = $1", event.manager_id)
        await notify(event)
    assert server.mails == []


async def test_a_warning_sends_one_mail_however_often_the_event_comes(notifiers: Notifiers) -> None:
    run = await notifiers.ended_run()
    event = warned(event_id=new_id(), import_id=run.import_id, manager_id=run.manager_id)
    async with SmtpServer() as server:
        for _ in range(2):
            warn = await notifiers.start(server.url)
            await warn(event)
            await warn(event)
        await warn(warned(event_id=new_id(), import_id=new_id()))
    (mail,) = server.mails
    assert mail.message["Subject"].startswith("File late: HR file")
    assert mail.message["Message-ID"] == f"<warning-{event.event_id}@contacts-sync>"
