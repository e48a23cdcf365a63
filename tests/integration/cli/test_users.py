"""`contacts-sync users` and the first account, on a real database."""

import asyncio
import re
from datetime import UTC, datetime

import asyncpg
import pytest

from services.cli.embedded.secret_files import random_text
from shared.ids import new_id
from shared.postgres import migrate as migrations
from shared.rules.roles import Role
from shared.store.accounts import HASHER, password_fits, token_digest
from shared.store.first_account import ensure_first_account, make_first_account
from tests.integration.cli.conftest import DSN, Command

PASSWORD = "canary horse battery"


class SetClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


async def one(dsn: str, query: str, *arguments: object) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query, *arguments)
    finally:
        await connection.close()


async def test_migrate_makes_the_first_account_once(command: Command, empty_database: str) -> None:
    first = await command("migrate", **{DSN: empty_database})
    assert first.status == 0
    (password,) = re.findall(
        r"^Made the account admin\. Its password for the first sign-in: (\S+)$", first.out, re.MULTILINE
    )
    row = "SELECT password_hash FROM accounts WHERE login = 'admin' AND role = 'admin' AND must_change_password"
    assert password_fits(str(await one(empty_database, row)), password)
    assert (await command("migrate", **{DSN: empty_database})).out == "The schema is up to date.\n"
    assert await one(empty_database, "SELECT count(*) FROM accounts") == 1
    assert await one(empty_database, "SELECT login IS NULL FROM audit_log WHERE what = 'account.added'") is True


async def test_of_two_that_start_at_once_one_makes_the_first_account(database: str) -> None:
    made = await asyncio.gather(*(make_first_account(database, SetClock()) for _ in range(4)))
    assert sum(password is not None for password in made) == 1
    assert await one(database, "SELECT count(*) FROM accounts") == 1


async def test_what_people_did_with_the_first_account_stands(database: str) -> None:
    password, token = random_text(), random_text()

    async def entry() -> tuple[bool, bool, bool]:
        found = await ensure_first_account(database, password=password, token=token, clock=SetClock())
        return found.password_fits, found.must_change_password, found.token_works

    assert await entry() == (True, True, True)
    assert await entry() == (True, True, True)
    changed = "UPDATE accounts SET password_hash = $1, must_change_password = false"
    await one(database, changed, HASHER.hash("another password"))
    assert await entry() == (False, False, True)
    await one(database, "UPDATE api_tokens SET revoked_at = now()")
    assert await entry() == (False, False, False)
    assert await one(database, "SELECT count(*) FROM api_tokens") == 1


async def test_the_first_account_is_not_made_beside_others(command: Command, database: str) -> None:
    added = await command("users", "add", "eve", "--role", "admin", "--one-time", **{DSN: database})
    assert re.fullmatch(r"Added eve, as admin\.\nThe password for the first sign-in: \S{20}\n", added.out)
    token = random_text()
    found = await ensure_first_account(database, password=random_text(), token=token, clock=SetClock())
    assert (found.password_fits, found.token_works) == (False, True)
    assert await one(database, "SELECT string_agg(login, ',') FROM accounts") == "eve"


async def test_accounts_and_tokens_from_before_there_were_roles_can_do_everything(
    monkeypatch: pytest.MonkeyPatch, empty_database: str
) -> None:
    everything = migrations._migrations()  # noqa: SLF001 - the past is made by leaving some out
    with monkeypatch.context() as past:
        past.setattr(migrations, "_migrations", lambda: [each for each in everything if each[0] < "0028"])
        await migrations.migrate(empty_database)
    connection = await asyncpg.connect(empty_database)
    try:
        account = new_id()
        await connection.execute("INSERT INTO accounts VALUES ($1, 'eve', $2, now())", account, HASHER.hash(PASSWORD))
        await connection.execute("INSERT INTO api_tokens VALUES ($1, $2, now())", token_digest("old"), account)
    finally:
        await connection.close()
    assert "0028_roles.sql" in await migrations.migrate(empty_database)
    assert await one(empty_database, "SELECT role FROM accounts WHERE NOT must_change_password") == "admin"
    assert await one(empty_database, "SELECT scope FROM api_tokens WHERE expires_at IS NULL") == "admin"
    assert await make_first_account(empty_database, SetClock()) is None


async def test_accounts_are_looked_after_by_command(command: Command, database: str) -> None:
    async def users(*arguments: str, typed: str = "") -> str:
        ended = await command("users", *arguments, typed=typed, **{DSN: database})
        assert ended.status == 0, ended.err
        return ended.out

    async def refused(*arguments: str) -> str:
        ended = await command("users", *arguments, **{DSN: database})
        assert (ended.status, len(ended.err.splitlines())) == (2, 1)
        return ended.err.rpartition("(")[2].rstrip(")\n")

    await users("add", "eve", "--role", "admin", "--password-stdin", typed=PASSWORD)
    assert await refused("role", "eve", "viewer") == "last_admin"
    assert await refused("deactivate", "eve") == "last_admin"
    assert await refused("role", "eve", "king") == "role_unknown"
    assert await refused("role", "bob", "viewer") == "account_not_found"
    await users("add", "bob", "--role", "editor", "--password-stdin", typed=PASSWORD)
    assert await users("role", "bob", "approver") == "bob is approver.\n"
    printed = await users("password", "bob", "--one-time")
    stored = str(await one(database, "SELECT password_hash FROM accounts WHERE login = 'bob' AND must_change_password"))
    assert password_fits(stored, printed.rstrip().rpartition(" ")[2])
    await users("password", "bob", "--password-stdin", typed="another horse battery")
    stored = str(
        await one(database, "SELECT password_hash FROM accounts WHERE login = 'bob' AND NOT must_change_password")
    )
    assert password_fits(stored, "another horse battery")
    await users("deactivate", "bob")
    listed = [line.split("\t") for line in (await users("list")).splitlines()]
    assert [(line[0], line[1], line[4]) for line in listed] == [
        ("bob", "approver", "deactivated"),
        ("eve", "admin", "active"),
    ]
    await users("activate", "bob")
    assert await one(database, "SELECT count(*) FROM accounts WHERE deactivated_at IS NOT NULL") == 0
    codes = "SELECT array_agg(what ORDER BY number) FROM audit_log WHERE object_name = 'bob'"
    assert await one(database, codes) == [
        "account.added",
        "role.changed",
        "password.reset",
        "password.reset",
        "account.deactivated",
        "account.activated",
    ]


async def test_tokens_are_looked_after_by_command(command: Command, database: str) -> None:
    await command("users", "add", "bob", "--role", "editor", "--password-stdin", typed=PASSWORD, **{DSN: database})
    wide = await command("users", "token", "bob", "--scope", "admin", **{DSN: database})
    assert (wide.status, "(scope_too_wide)" in wide.err) == (2, True)
    unknown = await command("users", "token", "bob", "--scope", "king", **{DSN: database})
    assert (unknown.status, "(role_unknown)" in unknown.err) == (2, True)
    made = await command(
        "users", "token", "bob", "--scope", "viewer", "--name", "portal", "--days", "30", **{DSN: database}
    )
    whole = await command("users", "token", "bob", **{DSN: database})
    assert made.status == whole.status == 0
    listed = (await command("users", "tokens", "bob", **{DSN: database})).out.splitlines()
    portal, other = (line.split("\t") for line in listed)
    assert (portal[1:3], other[1:3]) == (["portal", Role.VIEWER], ["made by a command", Role.EDITOR])
    assert (portal[4], other[5]) == ("-", "-")
    assert made.out.strip() not in "".join(listed)
    assert (await command("users", "revoke", "bob", portal[0], **{DSN: database})).out == "Revoked.\n"
    again = await command("users", "revoke", "bob", portal[0], **{DSN: database})
    assert (again.status, "(token_not_found)" in again.err) == (2, True)
    revoked = "SELECT revoked_at IS NOT NULL FROM api_tokens WHERE token_sha256 = $1"
    assert await one(database, revoked, token_digest(made.out.strip())) is True
