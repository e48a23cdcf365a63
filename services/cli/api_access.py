"""How commands reach the HTTP API: its address and a token, from options or settings."""

from typing import Annotated

import typer

from services.cli.api_client import ApiClient
from services.cli.settings import Settings
from shared.errors import UserError

Url = Annotated[str | None, typer.Option(help="The root of the API.", show_default="CONTACTS_SYNC_API__URL")]
Token = Annotated[str | None, typer.Option(help="The API token.", show_default="CONTACTS_SYNC_API__TOKEN")]


def open_api(settings: Settings, url: str | None, token: str | None) -> ApiClient:
    """Return a client, to be entered; UserError `token_missing`."""
    known = settings.api.token.get_secret_value() if settings.api.token else ""
    if not (token or known):
        message = (
            "An API token is needed, as CONTACTS_SYNC_API__TOKEN or with --token: `contacts-sync up` prints one, and "
            "`contacts-sync users token LOGIN` makes one."
        )
        raise UserError("token_missing", message, field="token")
    return ApiClient(url or settings.api.url, token or known)
