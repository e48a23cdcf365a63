"""Webhooks: other systems that are told of runs that ended and of contacts that changed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from services.web.dependencies.answer_once import answer_once
from services.web.dependencies.api_route import By, api_router
from services.web.dependencies.change import Change
from services.web.dependencies.change_webhooks import (
    change_webhook,
    make_webhook,
    remove_webhook,
    renew_secret,
    resend_message,
    tell_again,
    try_webhook,
)
from services.web.dependencies.paging import Cursor, Limit, Page, id_place, page_of, place_of
from services.web.dependencies.resources import Open, Resources
from services.web.forms.merge_patch import merged
from services.web.forms.webhook_input import ReplayInput, WebhookInput
from services.web.security.access import needs
from shared.postgres.database import Connection
from shared.rules.roles import Role
from shared.store import webhooks as store
from shared.store.webhook_deliveries import ChangesReplay, DeliveryView, list_deliveries
from shared.store.webhooks import SECRET_PURPOSE, WebhookView

router = api_router("webhooks")


class MadeWebhook(WebhookView):
    """A new webhook."""

    secret: str = Field(description="What messages are signed with: shown this once")


class NewSecret(BaseModel):
    """Another secret."""

    secret: str = Field(description="What messages are signed with: shown this once")
    old_secret_until: datetime = Field(description="Until then messages are signed with the old one as well")


@router.post("/webhooks", status_code=201, response_model=MadeWebhook)
@needs(Role.ADMIN)
async def create_webhook(wanted: WebhookInput, request: Request, resources: Open, by: By) -> JSONResponse:
    """Make a webhook; it is told of what happens from now on."""

    async def create(connection: Connection) -> MadeWebhook:
        change = Change(connection, by, resources.clock.now())
        made, sealed = await make_webhook(change, resources.sealer, wanted)
        return MadeWebhook(**made.model_dump(), secret=sealed)

    return await answer_once(request, resources, create, revealed=lambda body: _revealed(resources, body))


@router.get("/webhooks")
@needs(Role.ADMIN)
async def list_webhooks(resources: Open, limit: Limit = 100, cursor: Cursor = None) -> Page[WebhookView]:
    """List webhooks in the order they were made."""
    after = place_of(cursor, id_place)
    async with resources.database.pool.acquire() as connection:
        found = await store.list_webhooks(connection, after=after, limit=limit + 1, now=resources.clock.now())
    return page_of(found, limit, lambda view: view.id)


@router.get("/webhooks/{webhook_id}")
@needs(Role.ADMIN)
async def get_webhook(webhook_id: UUID, resources: Open) -> WebhookView:
    """Read a webhook, and how it goes."""
    async with resources.database.pool.acquire() as connection:
        return await store.get_webhook(connection, webhook_id, now=resources.clock.now())


@router.patch("/webhooks/{webhook_id}")
@needs(Role.ADMIN)
async def patch_webhook(webhook_id: UUID, patch: dict[str, Any], resources: Open, by: By) -> WebhookView:
    """Change a webhook by JSON Merge Patch; `state` pauses it, or sends again what has waited."""
    async with resources.change(by) as change:
        before = await store.get_webhook(change.connection, webhook_id, now=change.now, lock=True)
        known = before.model_dump(mode="json", include={"url", "events", "manager_id"})
        return await change_webhook(change, webhook_id, WebhookInput.model_validate(merged(known, patch)))


@router.delete("/webhooks/{webhook_id}", status_code=204)
@needs(Role.ADMIN)
async def delete_webhook(webhook_id: UUID, resources: Open, by: By) -> Response:
    """Delete a webhook with its messages."""
    async with resources.change(by) as change:
        await remove_webhook(change, webhook_id)
    return Response(status_code=204)


@router.post("/webhooks/{webhook_id}/secret", status_code=201, response_model=NewSecret)
@needs(Role.ADMIN)
async def replace_secret(webhook_id: UUID, request: Request, resources: Open, by: By) -> JSONResponse:
    """Make another secret; for a day messages are signed with the old one as well."""

    async def create(connection: Connection) -> NewSecret:
        change = Change(connection, by, resources.clock.now())
        sealed, until = await renew_secret(change, resources.sealer, webhook_id)
        return NewSecret(secret=sealed, old_secret_until=until)

    return await answer_once(request, resources, create, revealed=lambda body: _revealed(resources, body))


@router.post("/webhooks/{webhook_id}/test", status_code=202, response_model=DeliveryView)
@needs(Role.ADMIN)
async def send_test(webhook_id: UUID, request: Request, resources: Open, by: By) -> JSONResponse:
    """Send a message that says nothing, once; whether it was taken stands among the webhook's messages."""

    async def create(connection: Connection) -> DeliveryView:
        return await try_webhook(Change(connection, by, resources.clock.now()), webhook_id)

    return await answer_once(request, resources, create, status=202)


@router.get("/webhooks/{webhook_id}/deliveries")
@needs(Role.ADMIN)
async def list_messages(
    webhook_id: UUID, resources: Open, limit: Limit = 100, cursor: Cursor = None
) -> Page[DeliveryView]:
    """List a webhook's messages, the newest first; those that were delivered are kept for a week."""
    before = place_of(cursor, id_place)
    async with resources.database.pool.acquire() as connection:
        await store.get_webhook(connection, webhook_id, now=resources.clock.now())
        found = await list_deliveries(connection, webhook_id, before=before, limit=limit + 1)
    return page_of(found, limit, lambda view: view.id)


@router.post("/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", status_code=202)
@needs(Role.ADMIN)
async def replay_message(webhook_id: UUID, delivery_id: UUID, resources: Open, by: By) -> DeliveryView:
    """Send one message once more, under the same id."""
    async with resources.change(by) as change:
        return await resend_message(change, webhook_id, delivery_id)


@router.post("/webhooks/{webhook_id}/replay", status_code=202)
@needs(Role.ADMIN)
async def replay_changes(webhook_id: UUID, wanted: ReplayInput, resources: Open, by: By) -> ChangesReplay:
    """Tell of a manager's changes again, from a number or from a run on, in their order."""
    async with resources.change(by) as change:
        return await tell_again(change, webhook_id, wanted)


def _revealed(resources: Resources, body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "secret": resources.sealer.open(body["secret"], SECRET_PURPOSE)}
