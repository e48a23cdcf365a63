"""`contacts-sync test-mail`, and mails from before there was an outbox."""

from datetime import UTC, datetime

import asyncpg
import pytest

import shared.postgres.migrate as migrations
from shared.ids import new_id
from tests.integration.cli.conftest import Command
from tests.support.smtp_server import SmtpServer

SMTP = "CONTACTS_SYNC_NOTIFIER__SMTP_URL"
NOW = datetime(2026, 11, 20, tzinfo=UTC)


async def test_a_test_mail_says_what_the_server_answered(command: Command) -> None:
    async with SmtpServer(login="me", password="c4n4ry") as server:
        taken = await command("test-mail", "ops@example.org", **{SMTP: server.url})
        refused_login = await command("test-mail", "ops@example.org", **{SMTP: server.url.replace("c4n4ry", "wr0ng")})
        server.refuse_next(1, reply="550 5.1.1 Nobody")
        refused = await command("test-mail", "ops@example.org", **{SMTP: server.url})
        server.refuse_next(1)
        put_off = await command("test-mail", "ops@example.org", **{SMTP: server.url})
        none = await command("test-mail", "nobody", **{SMTP: server.url})
    gone = await command("test-mail", "ops@example.org", **{SMTP: server.url})
    where = f"127.0.0.1, port {server.port}"
    assert (taken.status, taken.out) == (0, f"The mail server {where} took the mail for ops@example.org.\n")
    assert server.mails[0].message["Subject"].startswith("Test mail")
    assert (refused.status, refused.err) == (
        1,
        "The mail was refused: there is no such address (550 5.1.1). (mail_refused)\n",
    )
    assert (put_off.status, "again later" in put_off.err) == (1, True)
    assert (refused_login.status, "refused the login" in refused_login.err) == (1, True)
    assert "wr0ng" not in refused_login.err
    assert (none.status, gone.status) == (2, 1)
    assert len(server.mails) == 1


async def test_mails_from_before_the_outbox_are_not_sent_again(
    monkeypatch: pytest.MonkeyPatch, empty_database: str
) -> None:
    everything = migrations._migrations()  # noqa: SLF001 - the past is made by leaving some out
    with monkeypatch.context() as past:
        past.setattr(migrations, "_migrations", lambda: [each for each in everything if each[0] < "0033"])
        await migrations.migrate(empty_database)
    connection = await asyncpg.connect(empty_database)
    manager, entry, sent, unsent, warned = (new_id() for _ in range(5))
    try:
        await connection.execute("INSERT INTO managers (id, name, created_at) VALUES ($1, 'Staff', $2)", manager, NOW)
        await connection.execute(
            "INSERT INTO imports (id, manager_id, name, setup, created_at) VALUES ($1, $2, 'HR', '{}', $3)",
            *(entry, manager, NOW),
        )
        for run, sent_at in ((sent, NOW), (unsent, None)):
            await connection.execute(
                """INSERT INTO runs (id, import_id, manager_id, trigger, dry_run, status, setup, setup_fingerprint,
                queued_at) VALUES ($1, $2, $3, 'now', false, 'failed', '{}', '', $4)""",
                *(run, entry, manager, NOW),
            )
            await connection.execute("INSERT INTO mails VALUES ($1, '<x>', '{a@b.example}', $2, $3)", run, NOW, sent_at)
        await connection.execute(
            "INSERT INTO warning_mails VALUES ($1, $2, '<y>', '{a@b.example}', $3, $3)", warned, entry, NOW
        )
        assert "0033_outgoing_mails.sql" in await migrations.migrate(empty_database)
        rows = await connection.fetch("SELECT id, kind, run_id, sent_at, next_try_at FROM outgoing_mails ORDER BY kind")
    finally:
        await connection.close()
    assert [tuple(row) for row in rows] == [(sent, "run", sent, NOW, None), (warned, "warning", None, NOW, None)]
