"""Changes of contacts, told in batches: all of them, in their order, also once more."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from structlog.testing import capture_logs

from shared.errors import UserError
from shared.postgres.database import Connection
from shared.store import webhooks as store
from shared.store.managers import delete_manager
from shared.store.webhook_deliveries import replay_from, send_again
from shared.store.webhooks import WebhookPlan
from tests.integration.notifier.webhooks.conftest import DEADLINE, Webhooks
from tests.support.told_changes import numbers, rebuilt
from tests.support.waiting import until
from tests.support.webhook_receiver import WebhookReceiver, answering

ONE_EACH = 100


async def test_changes_are_told_in_batches_in_their_order(webhooks: Webhooks) -> None:
    manager_id = await webhooks.manager()
    async with WebhookReceiver() as receiver:
        hook = await webhooks.made(receiver.url(), "contacts.changed")
        await webhooks.put_many(manager_id, 250)
        assert (await webhooks.view(hook)).changes_behind == 250
        async with webhooks.sending():
            await webhooks.all_taken(hook, 3)
            await webhooks.put(manager_id, "00001", "Renamed")
            await webhooks.put(manager_id, "00002", "")
            await webhooks.delete(manager_id, "00003")
            await until(lambda: len(numbers(receiver.received)) == 253, within=DEADLINE, what="the edits are told")
            await webhooks.all_taken(hook)
    assert numbers(receiver.received) == list(range(1, 254))
    assert [len(each.data["changes"]) for each in receiver.received[:3]] == [100, 100, 50]
    assert len({each.id for each in receiver.received}) == len(receiver.received)
    first = receiver.received[0].data
    assert (first["manager_id"], first["manager_name"], first["first_number"], first["last_number"]) == (
        str(manager_id),
        "People",
        1,
        100,
    )
    change: dict[str, Any] = first["changes"][0]
    assert set(change) == {"event_id", "number", "change", "unique_id", "fields", "run_id", "changed_at"}
    assert (change["change"], change["unique_id"], change["fields"]) == ("added", "00001", {"Name": "Name 1"})
    assert rebuilt(receiver.received) == await webhooks.contacts(manager_id)


async def test_a_webhook_is_told_from_when_it_was_made_and_of_new_managers_all(webhooks: Webhooks) -> None:
    old = await webhooks.manager()
    await webhooks.put_many(old, 5)
    async with WebhookReceiver() as receiver, webhooks.sending():
        hook = await webhooks.made(receiver.url(), "contacts.changed")
        new = await webhooks.manager("New")
        await webhooks.put_many(new, 3)
        await webhooks.put(old, "00006", "Six")
        await until(lambda: len(numbers(receiver.received)) == 4, within=DEADLINE, what="all is told")
        await webhooks.all_taken(hook)
    told = {each.data["manager_name"]: numbers([each]) for each in receiver.received}
    assert told == {"People": [6], "New": [1, 2, 3]}


async def test_saving_a_webhook_leaves_out_nothing(webhooks: Webhooks) -> None:
    async with WebhookReceiver() as receiver:
        hook = await webhooks.made(receiver.url("/before"), "contacts.changed")
        manager_id = await webhooks.manager()
        await webhooks.put_many(manager_id, 3)
        plan = WebhookPlan(receiver.url("/after"), ["contacts.changed", "import.finished"])
        await store.update_webhook(webhooks.db, hook, plan, now=webhooks.clock.time)
        async with webhooks.sending():
            await webhooks.all_taken(hook, 1)
            assert (receiver.received[0].path, numbers(receiver.received)) == ("/after", [1, 2, 3])
            await store.update_webhook(
                webhooks.db, hook, WebhookPlan(plan.url, ["import.finished"]), now=webhooks.clock.time
            )
            await webhooks.put(manager_id, "4", "Four")
            await store.update_webhook(webhooks.db, hook, plan, now=webhooks.clock.time)
            await webhooks.put(manager_id, "5", "Five")
            await until(lambda: len(receiver.received) == 2, within=DEADLINE, what="what is wanted anew is told")
    assert numbers(receiver.received) == [1, 2, 3, 5]


async def test_a_batch_that_fails_keeps_its_changes_its_id_and_its_place(webhooks: Webhooks) -> None:
    manager_id, other = await webhooks.manager(), await webhooks.manager("Other")
    async with WebhookReceiver(answering(500)) as receiver:
        hook = await webhooks.made(receiver.url(), "contacts.changed", manager_id=manager_id)
        elsewhere = await webhooks.made(receiver.url("/else"), "contacts.changed", manager_id=other)
        async with webhooks.sending():
            await webhooks.put_many(manager_id, 10)
            await webhooks.tried(hook, 1)
            await webhooks.put_many(manager_id, 10, name="Again")
            receiver.behaviour = answering(200)
            await webhooks.put_many(other, 2)
            await webhooks.all_taken(elsewhere, 1)
            assert [each.path for each in receiver.received] == ["/hook", "/else"]
            webhooks.move(seconds=6)
            await webhooks.all_taken(hook, 2)
    first, _, second, third = receiver.received
    assert (first.id, first.body) == (second.id, second.body)
    assert numbers([second, third]) == list(range(1, 21))


async def test_changes_are_never_given_up(webhooks: Webhooks) -> None:
    manager_id = await webhooks.manager()
    async with WebhookReceiver(answering(500)) as receiver, webhooks.sending():
        hook = await webhooks.made(receiver.url(), "contacts.changed")
        await webhooks.put_many(manager_id, 3)
        await webhooks.tried(hook, 1)
        await webhooks.db.execute("UPDATE webhook_deliveries SET tries = 9")
        webhooks.move(seconds=6)
        await webhooks.tried(hook, 10)
        assert (await webhooks.view(hook)).state == "disabled"
        await webhooks.put_many(manager_id, 3, first=4)
        webhooks.move(days=40)
        receiver.behaviour = answering(200)
        await store.enable_webhook(webhooks.db, hook, now=webhooks.clock.time)
        await webhooks.all_taken(hook, 2)
    assert numbers(receiver.received[-2:]) == [1, 2, 3, 4, 5, 6]
    assert receiver.received[0].id == receiver.received[-2].id


async def test_large_contacts_make_smaller_batches(webhooks: Webhooks) -> None:
    manager_id = await webhooks.manager()
    async with WebhookReceiver() as receiver:
        hook = await webhooks.made(receiver.url(), "contacts.changed")
        await webhooks.put(manager_id, "0", "x" * 500_000)
        await webhooks.put_many(manager_id, 20, name="y" * 50_000)
        async with webhooks.sending():
            await webhooks.all_taken(hook, 5)
    assert numbers(receiver.received) == list(range(1, 22))
    assert len(receiver.received[0].data["changes"]) == 1
    assert max(len(each.body) for each in receiver.received[1:]) < 300_000


async def test_small_changes_of_large_contacts_are_not_read_all_at_once(webhooks: Webhooks) -> None:
    manager_id = await webhooks.manager()
    async with WebhookReceiver() as receiver:
        hook = await webhooks.made(receiver.url(), "contacts.changed")
        await webhooks.put(manager_id, "0", "x" * 500_000)
        await webhooks.put_many(manager_id, 20)
        # As if a run had changed another field of it.
        await webhooks.db.execute(
            """UPDATE hand_edits SET change = 'updated', unique_id = '0',
                before = jsonb_build_object('1', '0', '2', repeat('x', 500000)),
                after = jsonb_build_object('1', '0', '2', repeat('x', 500000), '3', number::text) WHERE number > 1"""
        )
        async with webhooks.sending():
            await webhooks.all_taken(hook, 1)
    assert numbers(receiver.received) == list(range(1, 22))
    assert max(len(each.data["changes"]) for each in receiver.received) == 1


IS_WAITED_FOR = "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'hand_edits'::regclass AND NOT granted)"


async def test_a_manager_that_is_deleted_while_its_changes_are_read(webhooks: Webhooks) -> None:
    manager_id, other = await webhooks.manager(), await webhooks.manager("Other")
    async with WebhookReceiver() as receiver:
        hook = await webhooks.made(receiver.url(), "contacts.changed")
        await webhooks.put_many(manager_id, 3)
        deletion = webhooks.db.transaction()
        await deletion.start()
        await webhooks.db.execute("LOCK TABLE hand_edits IN ACCESS EXCLUSIVE MODE")
        with capture_logs() as logs:
            async with webhooks.sending():
                asked = partial(webhooks.db.fetchval, IS_WAITED_FOR)
                await until(asked, within=DEADLINE, what="the changes are asked for")
                await delete_manager(webhooks.db, manager_id)
                await deletion.commit()
                await webhooks.put_many(other, 1)
                await webhooks.all_taken(hook, 1)
    assert [each.data["manager_name"] for each in receiver.received] == ["Other"]
    assert [each for each in logs if each["log_level"] == "error"] == []


async def test_a_webhook_that_fails_unforeseen_rests(webhooks: Webhooks) -> None:
    manager_id = await webhooks.manager()
    async with WebhookReceiver() as receiver:
        hook = await webhooks.made(receiver.url(), "contacts.changed")
        healthy = await webhooks.made(receiver.url("/else"))
        await webhooks.put_many(manager_id, 1)
        await webhooks.db.execute("UPDATE hand_edits SET after = '[1]'")
        with capture_logs() as logs:
            async with webhooks.sending():
                await until(lambda: failures(logs), within=DEADLINE, what="it has failed")
                for _ in range(3):
                    await webhooks.finish(manager_id=manager_id)
                await webhooks.all_taken(healthy, 3)
                assert len(failures(logs)) == 1
                await webhooks.db.execute("""UPDATE hand_edits SET after = '{"2": "Ann"}'""")
                webhooks.move(minutes=5)
                await webhooks.all_taken(hook, 1)
    assert numbers([each for each in receiver.received if each.path == "/hook"]) == [1]


def failures(logs: list[Any]) -> list[Any]:
    return [each for each in logs if each["log_level"] == "error"]


async def replay(db: Connection, webhooks: Webhooks, hook: Any, manager_id: Any, number: int) -> int:
    replayed = await replay_from(db, await webhooks.view(hook), manager_id, number, now=webhooks.clock.time)
    return replayed.changes


async def test_changes_are_told_again_from_a_number_on(webhooks: Webhooks) -> None:
    manager_id = await webhooks.manager()
    async with WebhookReceiver() as receiver, webhooks.sending():
        hook = await webhooks.made(receiver.url(), "contacts.changed")
        await webhooks.put_many(manager_id, 150)
        await until(lambda: len(numbers(receiver.received)) == 150, within=DEADLINE, what="all is told")
        await webhooks.all_taken(hook)
        assert await replay(webhooks.db, webhooks, hook, manager_id, 31) == 120
        await until(lambda: len(numbers(receiver.received)) == 270, within=DEADLINE, what="it is told again")
        await webhooks.all_taken(hook)
        again = numbers(receiver.received)[150:]
    assert again == list(range(31, 151))


async def test_a_replay_overtakes_what_is_under_way(webhooks: Webhooks) -> None:
    manager_id = await webhooks.manager()
    async with WebhookReceiver() as receiver, webhooks.sending():
        hook = await webhooks.made(receiver.url(), "contacts.changed")
        await webhooks.put_many(manager_id, 5)
        await until(lambda: len(numbers(receiver.received)) == 5, within=DEADLINE, what="all is told")
        await webhooks.all_taken(hook)
        receiver.behaviour = answering(500)
        await webhooks.put_many(manager_id, 5, first=6)
        await webhooks.tried(hook, 1)
        receiver.behaviour = answering(200)
        receiver.received.clear()
        await replay(webhooks.db, webhooks, hook, manager_id, 3)
        await webhooks.all_taken(hook)
    assert numbers(receiver.received) == list(range(3, 11))


async def test_a_batch_that_is_sent_once_more_moves_nothing(webhooks: Webhooks) -> None:
    manager_id = await webhooks.manager()
    async with WebhookReceiver() as receiver, webhooks.sending():
        hook = await webhooks.made(receiver.url(), "contacts.changed")
        await webhooks.put_many(manager_id, 250)
        await until(lambda: len(numbers(receiver.received)) == 250, within=DEADLINE, what="all is told")
        await webhooks.all_taken(hook)
        first, *_ = await webhooks.messages(hook)
        await send_again(webhooks.db, hook, first.id, now=webhooks.clock.time)
        await webhooks.put(manager_id, "one more", "More")
        await until(lambda: len(numbers(receiver.received)) == 351, within=DEADLINE, what="both are told")
        await webhooks.all_taken(hook)
    told = receiver.received[0]
    repeated = [each for each in receiver.received if each.id == told.id]
    assert [each.body for each in repeated] == [told.body] * 2
    assert sorted(numbers(receiver.received)) == sorted([*range(1, 252), *range(1, 101)])


async def test_what_cannot_be_told_again(webhooks: Webhooks) -> None:
    manager_id, other = await webhooks.manager(), await webhooks.manager("Other")
    finished_only = await webhooks.made("http://127.0.0.1:9/")
    of_other = await webhooks.made("http://127.0.0.1:9/", "contacts.changed", manager_id=other)
    for hook, code in ((finished_only, "event_not_wanted"), (of_other, "manager_not_told")):
        with pytest.raises(UserError) as refused:
            await replay(webhooks.db, webhooks, hook, manager_id, 1)
        assert refused.value.code == code


async def test_a_manager_that_is_deleted_takes_its_messages_along(webhooks: Webhooks) -> None:
    manager_id, other = await webhooks.manager(), await webhooks.manager("Other")
    async with WebhookReceiver(answering(500)) as receiver, webhooks.sending():
        hook = await webhooks.made(receiver.url(), "contacts.changed")
        await webhooks.put_many(manager_id, 3)
        await webhooks.tried(hook, 1)
        async with webhooks.db.transaction():
            await delete_manager(webhooks.db, manager_id)
        # As if it had been noted while the manager was deleted.
        await webhooks.db.execute(
            """INSERT INTO webhook_deliveries (id, webhook_id, type, manager_id, first_number, last_number,
                created_at, next_try_at) VALUES (gen_random_uuid(), $1, 'contacts.changed', $2, 1, 3, $3, $3)""",
            hook,
            manager_id,
            webhooks.clock.time,
        )
        receiver.behaviour = answering(200)
        webhooks.clock.time += timedelta(seconds=1)
        await webhooks.put_many(other, 1)
        await webhooks.all_taken(hook, 1)
    assert receiver.received[-1].data["manager_name"] == "Other"


async def test_a_run_s_first_load_and_edits_are_one_log(webhooks: Webhooks) -> None:
    """Contacts that a first load added are the log of that themselves, until they are edited."""
    manager_id = await webhooks.manager()
    async with WebhookReceiver() as receiver:
        hook = await webhooks.made(receiver.url(), "contacts.changed")
        await webhooks.put_many(manager_id, ONE_EACH)
        await webhooks.db.execute("DELETE FROM hand_edits")
        await webhooks.db.execute("UPDATE contacts SET log_line = change_number")
        async with webhooks.sending():
            await webhooks.all_taken(hook, 1)
    assert rebuilt(receiver.received) == await webhooks.contacts(manager_id)
