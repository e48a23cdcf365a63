"""`contacts-sync keys`: the keys that seal what is secret."""

import asyncio

import typer

from services.cli.accounts import connected
from services.cli.failure import told
from services.cli.settings import load
from services.web.forms.credentials import PURPOSE
from shared.postgres.database import Connection
from shared.sealing import Sealer

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Change the keys that seal what is secret.")

_IMPORTS = """
SELECT id, setup -> 'source' ->> 'secrets' AS secrets FROM imports
WHERE setup -> 'source' ->> 'secrets' IS NOT NULL ORDER BY id FOR UPDATE
"""
_RESEALED = "UPDATE imports SET setup = jsonb_set(setup, '{source,secrets}', to_jsonb($2::text)) WHERE id = $1"


@app.callback()
def keys() -> None:
    """Let `rotate` be a command by name, though it is the only one."""


@app.command()
def rotate() -> None:
    """Seal the credentials of all imports anew, with the first of CONTACTS_SYNC_SECRETS__KEYS.

    Any service may run meanwhile, as long as it has the new key; may be called as often as you like.
    """

    async def act(dsn: str, sealer: Sealer) -> tuple[int, int]:
        async with connected(dsn) as connection, connection.transaction():
            return await reseal(connection, sealer)

    with told():
        settings = load()
        sealer = Sealer.from_base64([key.get_secret_value() for key in settings.secrets.keys])
        changed, kept = asyncio.run(act(settings.postgres.dsn.get_secret_value(), sealer))
    typer.echo(f"Sealed the credentials of {changed} imports anew; {kept} had the first key already.")
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
