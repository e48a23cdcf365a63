"""Creating requests, answered once: the same Idempotency-Key brings the same answer and creates nothing more."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.encoders import jsonable_encoder
from pydantic import BaseModel
from starlette.responses import JSONResponse

from services.web.dependencies.resources import Resources
from shared.errors import UserError
from shared.postgres.database import Connection
from shared.store.idempotency import KeptAnswer, keep_answer, kept_answer

HEADER = "Idempotency-Key"

_MAX_KEY = 255


async def answer_once(
    request: Request,
    resources: Resources,
    create: Callable[[Connection], Awaitable[BaseModel]],
    *,
    status: int = 201,
    content: str | None = None,
    revealed: Callable[[Any], Any] = lambda body: body,
) -> JSONResponse:
    """Return what `create` makes, in one transaction, or what it made for the same request before.

    `content` stands for the body where that was a stream. What `create` makes is kept as it is; where it has a sealed
    secret, `revealed` turns it into the answer. Errors are not kept: the request may be repeated.
    """
    async with resources.transaction() as connection:
        key = _key_of(request)
        if key is None:
            return JSONResponse(revealed(jsonable_encoder(await create(connection))), status)
        account_id: UUID = request.state.account_id
        digest = await _digest(request, resources, content)
        kept = await kept_answer(connection, account_id, key, digest)
        if kept is None:
            kept = KeptAnswer(status, jsonable_encoder(await create(connection)))
            await keep_answer(connection, account_id, key, digest, kept, now=resources.clock.now())
        return JSONResponse(revealed(kept.body), kept.status)


def _key_of(request: Request) -> str | None:
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not 1 <= len(key) <= _MAX_KEY or not key.isprintable():
        message = f"An Idempotency-Key has 1 to {_MAX_KEY} printable characters."
        raise UserError("idempotency_key_invalid", message, field=HEADER)
    return key


async def _digest(request: Request, resources: Resources, content: str | None) -> bytes:
    # Keyed, because a body may hold a password that a plain hash would give away to guessing.
    body = content if content is not None else (await request.body()).hex()
    query = request.url.query
    digest = resources.sealer.fingerprint("idempotency", request.method, request.url.path, query, body)
    return digest.encode()
