"""Programs come with a bearer token."""

from datetime import datetime

from shared.errors import UserError
from shared.postgres.database import Connection
from shared.store.api_tokens import TokenHolder, holder_of


async def holder_of_token(connection: Connection, authorization: str | None, *, now: datetime) -> TokenHolder:
    """Return who comes with the token of an Authorization header; UserError `unauthenticated`."""
    scheme, _, token = (authorization or "").partition(" ")
    holder: TokenHolder | None = None
    if scheme.lower() == "bearer" and token.strip():
        holder = await holder_of(connection, token.strip(), now=now)
    if holder is None:
        raise UserError("unauthenticated", "Send a valid API token: `Authorization: Bearer <token>`.")
    return holder
