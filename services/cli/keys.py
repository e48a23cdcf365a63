"""`contacts-sync keys`: the keys that seal what is secret."""

import asyncio

import typer

from services.cli.accounts import connected
from services.cli.failure import told
from services.cli.settings import load
from services.web.forms.credentials import PURPOSE
from shared.postgres.database import Connection
from shared.sealing import Sealer
from shared.store.webhooks import SECRET_PURPOSE

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Change the keys that seal what is secret.")

_IMPORTS = """
SELECT id, setup -> 'source' ->> 'secrets' AS secrets FROM imports
WHERE setup -> 'source' ->> 'secrets' IS NOT NULL ORDER BY id FOR UPDATE
"""
_PASSWORDS = """
SELECT run_id, unique_id, field, sealed FROM plan_passwords WHERE sealed IS NOT NULL
    AND ($1::uuid IS NULL OR (run_id, unique_id, field) > ($1, $2, $3)) ORDER BY run_id, unique_id, field LIMIT $4
"""
_RESEALED_ONE = """
UPDATE plan_passwords SET sealed = $5
WHERE run_id = $1 AND unique_id = $2 AND field = $3 AND sealed = $4
"""
_WEBHOOKS = "SELECT id, secret, old_secret FROM webhooks ORDER BY id FOR UPDATE"
_RESEALED_WEBHOOK = "UPDATE webhooks SET secret = $2, old_secret = $3 WHERE id = $1"
_PAGE = 1_000
_RESEALED = "UPDATE imports SET setup = jsonb_set(setup, '{source,secrets}', to_jsonb($2::text)) WHERE id = $1"


@app.callback()
def keys() -> None:
    """Let `rotate` be a command by name, though it is the only one."""


@app.command()
def rotate() -> None:
    """Seal credentials, webhooks' secrets and passwords of plans with the first of CONTACTS_SYNC_SECRETS__KEYS.

    Any service may run meanwhile, as long as it has the new key; may be called as often as you like.
    """

    async def act(dsn: str, sealer: Sealer) -> tuple[int, int, int, int]:
        async with connected(dsn) as connection:
            async with connection.transaction():
                changed, kept = await reseal(connection, sealer)
                webhooks = await reseal_webhooks(connection, sealer)
            return changed, kept, webhooks, await reseal_passwords(connection, sealer)

    with told():
        settings = load()
        sealer = Sealer.from_base64([key.get_secret_value() for key in settings.secrets.keys])
        changed, kept, webhooks, passwords = asyncio.run(act(settings.postgres.dsn.get_secret_value(), sealer))
    typer.echo(f"Sealed the credentials of {changed} imports anew; {kept} had the first key already.")
    typer.echo(f"Sealed the secrets of {webhooks} webhooks anew.")
    typer.echo(f"Sealed {passwords} passwords of plans that wait to be approved anew.")
    typer.echo("Keep the older keys until the files stored with them are no longer needed.")


async def reseal(connection: Connection, sealer: Sealer) -> tuple[int, int]:
    """Return how many imports' credentials were sealed anew, and how many had the first key already.

    PermanentError `seal_broken` where none of the keys fits; then nothing is changed.
    """
    rows = await connection.fetch(_IMPORTS)
    resealed = [(row["id"], sealer.resealed(row["secrets"], PURPOSE)) for row in rows]
    changed = [new for new, row in zip(resealed, rows, strict=True) if new[1] != row["secrets"]]
    await connection.executemany(_RESEALED, changed)
    return len(changed), len(rows) - len(changed)


async def reseal_webhooks(connection: Connection, sealer: Sealer) -> int:
    """Return how many webhooks' secrets were sealed anew; PermanentError as `reseal`."""
    changed = 0
    for row in await connection.fetch(_WEBHOOKS):
        sealed = [each and sealer.resealed(each, SECRET_PURPOSE) for each in (row["secret"], row["old_secret"])]
        if sealed != [row["secret"], row["old_secret"]]:
            await connection.execute(_RESEALED_WEBHOOK, row["id"], *sealed)
            changed += 1
    return changed


async def reseal_passwords(connection: Connection, sealer: Sealer) -> int:
    """Return how many passwords of plans were sealed anew; one that a run is about to hash is left to it."""
    changed = 0
    place: tuple[object, ...] = (None, None, None)
    while rows := await connection.fetch(_PASSWORDS, *place, _PAGE):
        resealed = [(*row, sealer.resealed(row["sealed"], "password")) for row in rows]
        different = [row for row in resealed if row[3] != row[4]]
        await connection.executemany(_RESEALED_ONE, different)
        changed += len(different)
        place = tuple(rows[-1])[:3]
    return changed
