"""The feed of changes: what is too large to be said holds nothing up, and no page is larger than memory allows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from services.cli.embedded.broker import EmbeddedBroker
from services.syncer.change_feed import BROKER_BEGAN, CHANNEL, ChangeFeed
from shared.clock import SystemClock
from shared.kafka.bulk_publisher import BulkPublisher
from shared.kafka.topic_admin import create_topics
from shared.postgres.wakeups import Wakeups
from shared.settings import KafkaSettings
from shared.store.change_log import changes_between
from shared.store.edit_contacts import ContactEdit, put_contact
from shared.store.managers import FieldView, create_manager, get_manager
from shared.topics import CONTACTS_CHANGED
from tests.conftest import BROKERS
from tests.integration.syncer.conftest import NAME, NOW, Searched
from tests.support.contact_copy import ContactCopies
from tests.support.kafka_server import KafkaServer
from tests.support.waiting import until

MIB = 1 << 20
LARGEST_ROW = '"' * (512 * 1024)
"""Whose JSON is twice as large as itself, and so larger than what Kafka takes by default."""

_admin: Any = AIOKafkaAdminClient
_topic: Any = NewTopic


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run on both brokers what both can do: the embedded one takes records of any size."""
    if "broker_name" in metafunc.fixturenames:
        is_limited = metafunc.function is test_a_topic_that_takes_less_than_it_should_holds_nothing_up
        brokers = ["kafka"] if is_limited else BROKERS
        metafunc.parametrize("broker_name", brokers, indirect=True, scope="module")


@pytest.fixture
async def servers(kafka: KafkaServer | None, tmp_path: Path) -> AsyncIterator[str]:
    if kafka:
        yield kafka.bootstrap_servers
        return
    broker = EmbeddedBroker(tmp_path / "broker.log")
    try:
        yield await broker.start()
    finally:
        await broker.stop()


@asynccontextmanager
async def feeding(searched: Searched, dsn: str, servers: str, *, embedded: bool) -> AsyncIterator[None]:
    publisher = BulkPublisher(KafkaSettings(bootstrap_servers=servers, embedded=embedded), "syncer")
    async with Wakeups(dsn, (CHANNEL, BROKER_BEGAN)) as wakeups:
        feed = asyncio.create_task(ChangeFeed(searched.database, publisher, SystemClock(), wakeups).run())
        try:
            yield
        finally:
            feed.cancel()
            await asyncio.gather(feed, return_exceptions=True)


async def heard(copies: ContactCopies, manager_id: object, count: int) -> dict[str, dict[str, Any]]:
    """Return a manager's contacts as they were heard, once so many changes were."""
    copy = copies.copies[str(manager_id)]

    async def has_all() -> bool:
        await copies.hear()
        return copy.last == count

    await until(has_all, within=60, what="all changes are heard", every=0)
    return copy.contacts()


async def test_what_is_too_large_comes_without_values_and_holds_nothing_up(
    searched: Searched, syncer_dsn: str, servers: str, broker_name: str
) -> None:
    await create_topics(servers)
    async with searched.db.transaction():
        other_id = await create_manager(searched.db, "Others", [FieldView(name="No"), FieldView(name="Name")], now=NOW)
        other = await get_manager(searched.db, other_id, lock=True)
        await put_contact(searched.db, other, ContactEdit("1", {NAME: "Bo"}), now=NOW)
    await searched.put("large", Name=LARGEST_ROW)
    await searched.put("too large", Name="x" * (CONTACTS_CHANGED.max_bytes + 1))
    await searched.put("small", Name="Ann")
    async with (
        feeding(searched, syncer_dsn, servers, embedded=broker_name == "embedded"),
        ContactCopies(servers) as copies,
    ):
        contacts = await heard(copies, searched.manager_id, 3)
        assert contacts == {"large": {"Name": LARGEST_ROW}, "too large": {}, "small": {"Name": "Ann"}}
        assert await heard(copies, other_id, 1) == {"1": {"Name": "Bo"}}
    assert ['is_cut":true' in body for body in copies.bodies if '"too large"' in body] == [True]


async def test_a_topic_that_takes_less_than_it_should_holds_nothing_up(
    searched: Searched, syncer_dsn: str, broker_name: str, servers: str
) -> None:
    assert broker_name == "kafka"
    admin = _admin(bootstrap_servers=servers)
    await admin.start()
    await admin.delete_topics([CONTACTS_CHANGED.name])
    settings = {"max.message.bytes": str(MIB)}
    await admin.create_topics([_topic(CONTACTS_CHANGED.name, 6, 1, topic_configs=settings)])
    await admin.close()
    await searched.put("large", Name=LARGEST_ROW)
    await searched.put("small", Name="Ann")
    async with feeding(searched, syncer_dsn, servers, embedded=False), ContactCopies(servers) as copies:
        contacts = await heard(copies, searched.manager_id, 2)
    assert contacts == {"large": {}, "small": {"Name": "Ann"}}


async def test_a_page_ends_where_its_values_are_large(searched: Searched) -> None:
    for number in range(5):
        await searched.put(str(number), Name="x" * 100_000)  # which lies compressed in the database
    first, until_second = await changes_between(searched.db, searched.manager_id, 1, 5, most_bytes=250_000)
    assert ([change.number for change in first], until_second) == ([1, 2], 2)
    rest, until_last = await changes_between(searched.db, searched.manager_id, 3, 5, most_bytes=350_000)
    assert ([change.number for change in rest], until_last) == ([3, 4, 5], 5)
    alone, until_first = await changes_between(searched.db, searched.manager_id, 1, 5, most_bytes=1)
    assert (len(alone), until_first) == (1, 1)
