"""Idempotency keys: the answer to a creating request, kept with what it created. Owner: web."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.errors import UserError
from shared.postgres.database import Connection


@dataclass(frozen=True)
class KeptAnswer:
    """The answer that a request got."""

    status: int
    body: Any


async def kept_answer(connection: Connection, account_id: UUID, key: str, request_digest: bytes) -> KeptAnswer | None:
    """Return the answer that the account's request with this key got, None for a new key.

    Holds the key until the transaction ends, so that of two requests at once the second waits for the first.
    UserError `idempotency_key_reused` where the key came with another request.
    """
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 7))", f"idempotency:{account_id}:{key}")
    row = await connection.fetchrow(
        "SELECT request_sha256, status, body FROM idempotency_keys WHERE account_id = $1 AND key = $2",
        account_id,
        key,
    )
    if row is None:
        return None
    if row["request_sha256"] != request_digest:
        raise UserError(
            "idempotency_key_reused",
            "This Idempotency-Key came with another request before: use a new key for a new request.",
            field="Idempotency-Key",
        )
    return KeptAnswer(row["status"], row["body"])


async def keep_answer(
    connection: Connection,
    account_id: UUID,
    key: str,
    request_digest: bytes,
    answer: KeptAnswer,
    *,
    now: datetime,
) -> None:
    """Keep the answer, in the transaction of what it tells of."""
    await connection.execute(
        """INSERT INTO idempotency_keys (account_id, key, request_sha256, status, body, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)""",
        account_id,
        key,
        request_digest,
        answer.status,
        answer.body,
        now,
    )
