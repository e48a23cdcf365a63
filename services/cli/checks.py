"""What `contacts-sync doctor` looks at, one check for each thing that can be wrong.

A check returns what it found, as a few words, or raises; `doctor` says the remedy.
"""

import asyncio
import smtplib
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import asyncpg
import httpx
from aiokafka.admin import AIOKafkaAdminClient

from services.cli.accounts import connected
from services.cli.api_client import is_loopback
from services.cli.catalogue import NAMES, Service
from services.cli.topics import differences, find_topics
from services.fetcher.settings import Settings as FetcherSettings
from services.notifier.settings import Settings as NotifierSettings
from services.web.settings import Settings as WebSettings
from shared.errors import PermanentError, TransientError
from shared.ids import new_id
from shared.objects.store import SealedObjects
from shared.sealing import Sealer

OLDEST_POSTGRES = 16
_SECONDS = 10.0
_PROBE = b"contacts-sync doctor"


@dataclass(frozen=True)
class Check:
    """One thing looked at; `after` names one that has to be well before this can be."""

    title: str
    look: Callable[[], Awaitable[str]]
    remedy: str
    after: str | None = None


async def _settings() -> str:
    for name in NAMES:
        Service(name).load_settings()
    return f"readable by {', '.join(NAMES)}"


def _sealer() -> Sealer:
    return Sealer.from_base64([key.get_secret_value() for key in FetcherSettings.load().secrets.keys])


async def _keys() -> str:
    sealer = _sealer()
    sealer.open(sealer.seal("probe", "doctor"), "doctor")
    return f"{len(FetcherSettings.load().secrets.keys)} valid"


def _dsn() -> str:
    return WebSettings.load().postgres.dsn.get_secret_value()


async def _postgres() -> str:
    async with connected(_dsn()) as connection:
        version = str(await connection.fetchval("SHOW server_version"))
        number = int(await connection.fetchval("SHOW server_version_num")) // 10_000
    if number < OLDEST_POSTGRES:
        message = f"This is Postgres {version}; version {OLDEST_POSTGRES} or later is needed."
        raise PermanentError("postgres_too_old", message)
    return f"connected, version {version}"


async def _schema() -> str:
    async with connected(_dsn()) as connection:
        try:
            rows = await connection.fetch("SELECT name FROM schema_migrations")
        except asyncpg.UndefinedTableError:
            rows = []
    applied = {row["name"] for row in rows}
    folder = files("shared.postgres") / "migrations"
    known = {entry.name for entry in folder.iterdir() if entry.name.endswith(".sql")}
    if known - applied:
        raise TransientError("schema_old", f"Not applied yet: {', '.join(sorted(known - applied))}.")
    if applied - known:
        message = f"The database is newer than this program: it has {', '.join(sorted(applied - known))}."
        raise PermanentError("schema_newer", message)
    return "up to date"


async def _kafka() -> str:
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=WebSettings.load().kafka.bootstrap_servers)
    try:
        await admin.start()
        brokers = (await admin.describe_cluster())["brokers"]
    finally:
        await admin.close()
    return f"connected, brokers: {len(brokers)}"


async def _topics() -> str:
    settings = WebSettings.load().kafka
    lines = differences(await find_topics(settings.bootstrap_servers), settings)
    if lines:
        raise TransientError("topics_differ", " ".join(lines))
    return "all there"


async def _objects() -> str:
    objects = SealedObjects.from_settings(FetcherSettings.load().objects, _sealer())
    key = f"doctor/{new_id()}"
    async with objects.write(key) as writer:
        await writer.write(_PROBE)
    try:
        back = await objects.read(key, 0, len(_PROBE))
    finally:
        await objects.delete(key)
    if back != _PROBE:
        raise PermanentError("object_store_wrong", "The object store gave back something else than was written.")
    return "written, read and deleted"


async def _smtp() -> str:
    server = NotifierSettings.load().notifier.server

    def greet() -> str:
        client = smtplib.SMTP_SSL if server.tls == "implicit" else smtplib.SMTP
        connection: AbstractContextManager[smtplib.SMTP] = client(server.host, server.port, timeout=_SECONDS)
        with connection as smtp:
            code, _ = smtp.ehlo()
            if server.tls == "required" and not smtp.has_extn("starttls"):
                raise PermanentError("starttls_missing", "The server does not offer STARTTLS, which is required.")
            return f"{server.host}:{server.port} answered EHLO with {code}"

    return await asyncio.to_thread(greet)


async def _page() -> str:
    url = WebSettings.load().web.public_url
    async with httpx.AsyncClient(trust_env=not is_loopback(url), timeout=_SECONDS) as client:
        response = await client.get(url)
    if not (response.is_success or response.is_redirect):
        raise TransientError("web_failing", f"{url} answered {response.status_code}.")
    return f"{url} answered"


CHECKS = (
    Check("Settings", _settings, "Mend the environment; docs/reference lists every setting."),
    Check(
        "Secret keys",
        _keys,
        "Set CONTACTS_SYNC_SECRETS__KEYS='[\"…\"]' to what `openssl rand -base64 32` prints, the same for all.",
        after="Settings",
    ),
    Check("Postgres", _postgres, "Mend CONTACTS_SYNC_POSTGRES__DSN, or start the server.", after="Settings"),
    Check("Schema", _schema, "Run `contacts-sync migrate`, with the newest program.", after="Postgres"),
    Check("Kafka", _kafka, "Mend CONTACTS_SYNC_KAFKA__BOOTSTRAP_SERVERS, or start the broker.", after="Settings"),
    Check("Topics", _topics, "Run `contacts-sync topics`, then `contacts-sync topics --compare`.", after="Kafka"),
    Check(
        "Object store",
        _objects,
        "Mend CONTACTS_SYNC_OBJECTS__URL, and see that this user may write there.",
        after="Secret keys",
    ),
    Check("Mail server", _smtp, "Mend CONTACTS_SYNC_NOTIFIER__SMTP_URL, or start the server.", after="Settings"),
    Check("Web page", _page, "Start `contacts-sync run web`, or mend CONTACTS_SYNC_WEB__PUBLIC_URL.", after="Settings"),
)
