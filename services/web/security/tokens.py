"""Programs come with a bearer token."""

from uuid import UUID

from shared.errors import UserError
from shared.postgres.database import Connection
from shared.store.accounts import token_digest


async def account_of_token(connection: Connection, authorization: str | None) -> UUID:
    """Return the account whose token an Authorization header has; UserError `unauthenticated`."""
    scheme, _, token = (authorization or "").partition(" ")
    account: UUID | None = None
    if scheme.lower() == "bearer" and token.strip():
        account = await connection.fetchval(
            "SELECT account_id FROM api_tokens WHERE token_sha256 = $1", token_digest(token.strip())
        )
    if account is None:
        raise UserError("unauthenticated", "Send a valid API token: `Authorization: Bearer <token>`.")
    return account
