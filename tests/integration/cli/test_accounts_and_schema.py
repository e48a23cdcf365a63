"""`migrate`, `users` and `keys` on a real database."""

import base64
import json

import asyncpg

from shared.store.accounts import password_fits, token_digest
from tests.integration.cli.conftest import DSN, Command

PASSWORD = "canary horse battery"


async def test_the_schema_is_made_once(command: Command, empty_database: str) -> None:
    before = await command("users", "list", **{DSN: empty_database})
    assert before.status == 1
    assert "contacts-sync migrate" in before.err
    first = await command("migrate", **{DSN: empty_database})
    assert (first.status, first.out.splitlines()[0]) == (0, "applied 0001_spine.sql")
    second = await command("migrate", **{DSN: empty_database})
    assert (second.status, second.out) == (0, "The schema is up to date.\n")


async def test_an_account_signs_in_with_what_was_handed_in(command: Command, database: str) -> None:
    added = await command("users", "add", "eve", "--password-stdin", typed=f"{PASSWORD}\r\nmore", **{DSN: database})
    made = await command("users", "token", "eve", **{DSN: database})
    listed = await command("users", "list", **{DSN: database})
    assert [ended.status for ended in (added, made, listed)] == [0, 0, 0]
    assert PASSWORD not in added.out + added.err + listed.out
    login, role, _, tokens, state = listed.out.rstrip("\n").split("\t")
    assert (login, role, tokens, state) == ("eve", "viewer", "1", "active")
    connection = await asyncpg.connect(database)
    try:
        stored = await connection.fetchval("SELECT password_hash FROM accounts WHERE login = 'eve'")
        known = await connection.fetchval("SELECT token_sha256 FROM api_tokens")
    finally:
        await connection.close()
    assert password_fits(stored, PASSWORD)
    assert known == token_digest(made.out.strip())


async def test_mistakes_are_told_in_one_line(command: Command, database: str) -> None:
    async def told(*arguments: str, typed: str = "") -> tuple[int, str]:
        ended = await command("users", *arguments, typed=typed, **{DSN: database})
        assert len(ended.err.splitlines()) == 1
        return ended.status, ended.err.strip().rpartition(" ")[2]

    assert await told("add", "eve", "--password-stdin", typed="short\n") == (2, "(password_short)")
    assert await told("add", "eve", "--password-stdin") == (2, "(password_missing)")
    assert await told("add", "eve") == (2, "(password_missing)")
    assert await told("add", " ", "--password-stdin", typed=f"{PASSWORD}\n") == (2, "(login_missing)")
    assert await told("token", "eve") == (2, "(account_not_found)")
    assert (await command("users", "add", "eve", "--password-stdin", typed=PASSWORD, **{DSN: database})).status == 0
    assert await told("add", "eve", "--password-stdin", typed=PASSWORD) == (2, "(login_taken)")


async def test_a_database_that_is_not_there_is_told_without_its_password(command: Command) -> None:
    ended = await command("migrate", **{DSN: "postgresql://me:canary@127.0.0.1:1/none"})
    assert ended.status == 1
    assert "(connection_failed)" in ended.err
    assert "canary" not in ended.err
    ended = await command("migrate", **{DSN: "mysql://me:canary@127.0.0.1:1/none"})
    assert (ended.status, "(database_address_invalid)" in ended.err, "canary" in ended.err) == (2, True, False)


async def test_keys_are_changed_by_command(command: Command, database: str) -> None:
    key = base64.b64encode(bytes(32)).decode()
    ended = await command("keys", "rotate", **{DSN: database, "CONTACTS_SYNC_SECRETS__KEYS": json.dumps([key])})
    assert (ended.status, ended.out.splitlines()[0]) == (
        0,
        "Sealed the credentials of 0 imports anew; 0 had the first key already.",
    )
    keyless = await command("keys", "rotate", **{DSN: database})
    assert (keyless.status, "secret_keys_invalid" in keyless.err) == (1, True)
