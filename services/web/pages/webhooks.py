"""Webhooks, for admins: which systems are told of what, how it goes, and what they are told once more."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from services.web.dependencies.change_webhooks import (
    change_webhook,
    make_webhook,
    remove_webhook,
    renew_secret,
    resend_message,
    tell_again,
    try_webhook,
)
from services.web.dependencies.page_route import page_router
from services.web.dependencies.pick_managers import PickedManagers, pick_managers
from services.web.dependencies.problems import status_of
from services.web.dependencies.resources import Open, Resources
from services.web.dependencies.visitor import Visitor, checked_form
from services.web.forms.invalid import input_errors
from services.web.forms.webhook_input import ReplayInput, WebhookInput, without_query
from services.web.pages.render import page
from services.web.security.access import needs
from services.web.security.sessions import Session
from shared.errors import UserError
from shared.rules.roles import Role
from shared.store import webhooks as store
from shared.store.webhook_deliveries import list_deliveries
from shared.store.webhooks import EVENTS, SECRET_PURPOSE

router = page_router()

Sought = Annotated[str, Query(max_length=200)]

_LISTED: Final = 1000
_MESSAGES: Final = 50
_EVENT_WORDS: Final = {
    "import.finished": "An import has finished",
    "contacts.changed": "Contacts have changed",
    "webhook.test": "Test",
}


@router.get("/webhooks")
@needs(Role.ADMIN)
async def show_webhooks(request: Request, resources: Open, visitor: Visitor, q: Sought = "") -> Response:
    """List all webhooks."""
    return await _list_page(request, resources, visitor, q=q)


@router.post("/webhooks")
@needs(Role.ADMIN)
async def add_webhook(request: Request, resources: Open, visitor: Visitor) -> Response:
    """Make a webhook and show its secret, this once."""
    form = await checked_form(request, resources, visitor)
    entered = _entered(form)
    try:
        async with resources.change(visitor.actor) as change:
            made, sealed = await make_webhook(change, resources.sealer, _input(entered))
    except UserError as error:
        return await _list_page(request, resources, visitor, error=error, entered=entered)
    secret = resources.sealer.open(sealed, SECRET_PURPOSE)
    return await _webhook_page(request, resources, visitor, made.id, secret=secret)


@router.get("/webhooks/{webhook_id}")
@needs(Role.ADMIN)
async def show_webhook(
    webhook_id: UUID, request: Request, resources: Open, visitor: Visitor, q: Sought = ""
) -> Response:
    """Show a webhook with its newest messages."""
    return await _webhook_page(request, resources, visitor, webhook_id, q=q)


@router.post("/webhooks/{webhook_id}/edit")
@needs(Role.ADMIN)
async def edit_webhook(webhook_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Change where it goes and what it is told."""
    form = await checked_form(request, resources, visitor)
    entered = _entered(form)
    try:
        async with resources.change(visitor.actor) as change:
            await change_webhook(change, webhook_id, _input(entered))
    except UserError as error:
        return await _webhook_page(request, resources, visitor, webhook_id, error=error, entered=entered)
    return _back_to(webhook_id)


@router.post("/webhooks/{webhook_id}/state")
@needs(Role.ADMIN)
async def set_state(webhook_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Pause it, or send again what has waited."""
    form = await checked_form(request, resources, visitor)
    state = "enabled" if form.get("state") == "enabled" else "paused"
    async with resources.change(visitor.actor) as change:
        known = await store.get_webhook(change.connection, webhook_id, now=change.now, lock=True)
        wanted = WebhookInput(url=known.url, events=known.events, manager_id=known.manager_id, state=state)
        await change_webhook(change, webhook_id, wanted)
    return _back_to(webhook_id)


@router.post("/webhooks/{webhook_id}/delete")
@needs(Role.ADMIN)
async def delete_webhook(webhook_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Delete it."""
    await checked_form(request, resources, visitor)
    async with resources.change(visitor.actor) as change:
        await remove_webhook(change, webhook_id)
    return RedirectResponse("/webhooks", 303)


@router.post("/webhooks/{webhook_id}/secret")
@needs(Role.ADMIN)
async def replace_secret(webhook_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Make another secret and show it, this once."""
    await checked_form(request, resources, visitor)
    async with resources.change(visitor.actor) as change:
        sealed, _ = await renew_secret(change, resources.sealer, webhook_id)
    secret = resources.sealer.open(sealed, SECRET_PURPOSE)
    return await _webhook_page(request, resources, visitor, webhook_id, secret=secret)


@router.post("/webhooks/{webhook_id}/test")
@needs(Role.ADMIN)
async def send_test(webhook_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Send a message that says nothing."""
    await checked_form(request, resources, visitor)
    async with resources.change(visitor.actor) as change:
        await try_webhook(change, webhook_id)
    return _back_to(webhook_id, "#messages")


@router.post("/webhooks/{webhook_id}/deliveries/{delivery_id}/replay")
@needs(Role.ADMIN)
async def replay_message(
    webhook_id: UUID, delivery_id: UUID, request: Request, resources: Open, visitor: Visitor
) -> Response:
    """Send one message once more."""
    await checked_form(request, resources, visitor)
    async with resources.change(visitor.actor) as change:
        await resend_message(change, webhook_id, delivery_id)
    return _back_to(webhook_id, "#messages")


@router.post("/webhooks/{webhook_id}/replay")
@needs(Role.ADMIN)
async def replay_changes(webhook_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Tell of changes again."""
    form = await checked_form(request, resources, visitor)
    given = {
        name: text for name in ("manager_id", "from_number", "run_id") if (text := str(form.get(name, "")).strip())
    }
    if "run_id" in given:
        given = {"run_id": given["run_id"].rpartition("/")[2]}
    try:
        wanted = ReplayInput.model_validate(given)
        async with resources.change(visitor.actor) as change:
            await tell_again(change, webhook_id, wanted)
    except ValidationError as error:
        return await _webhook_page(request, resources, visitor, webhook_id, error=input_errors(error), replay=given)
    except UserError as error:
        return await _webhook_page(request, resources, visitor, webhook_id, error=error, replay=given)
    return _back_to(webhook_id, "#messages")


def _entered(form: FormData) -> dict[str, Any]:
    events = [str(each) for each in form.getlist("events")]
    return {"url": str(form.get("url", "")), "events": events, "manager_id": str(form.get("manager_id", "")) or None}


def _input(entered: dict[str, Any]) -> WebhookInput:
    try:
        return WebhookInput.model_validate(entered)
    except ValidationError as error:
        raise input_errors(error) from error


async def _list_page(
    request: Request,
    resources: Resources,
    visitor: Session,
    *,
    error: UserError | None = None,
    entered: dict[str, Any] | None = None,
    q: str = "",
) -> Response:
    now = resources.clock.now()
    async with resources.database.pool.acquire() as connection:
        webhooks = await store.list_webhooks(connection, after=None, limit=_LISTED, now=now)
        also = [*(webhook.manager_id for webhook in webhooks), _id((entered or {}).get("manager_id"))]
        managers = await pick_managers(connection, q, also=also)
    shown = {"webhooks": webhooks, "entered": entered or {"events": ["import.finished"]}}
    return _page(request, visitor, "webhooks.html", managers, error, shown)


async def _webhook_page(
    request: Request,
    resources: Resources,
    visitor: Session,
    webhook_id: UUID,
    *,
    error: UserError | None = None,
    q: str = "",
    **given: Any,  # noqa: ANN401 - what was entered, or a new secret
) -> Response:
    async with resources.database.pool.acquire() as connection:
        webhook = await store.get_webhook(connection, webhook_id, now=resources.clock.now())
        messages = await list_deliveries(connection, webhook_id, before=None, limit=_MESSAGES)
        entered = {"url": webhook.url, "events": webhook.events, "manager_id": str(webhook.manager_id or "")}
        shown: dict[str, Any] = {"webhook": webhook, "messages": messages, "entered": entered, "replay": {}}
        shown |= given
        chosen = [_id(shown[form].get("manager_id")) for form in ("entered", "replay")]
        also = [webhook.manager_id, *chosen, *(each.manager_id for each in messages)]
        managers = await pick_managers(connection, q, also=also)
    return _page(request, visitor, "webhook.html", managers, error, shown)


def _page(
    request: Request,
    visitor: Session,
    template: str,
    managers: PickedManagers,
    error: UserError | None,
    shown: dict[str, Any],
) -> Response:
    about = {
        "managers": managers.names,
        "picked": managers,
        "events": EVENTS,
        "event_words": _EVENT_WORDS,
        "short": without_query,
    }
    return page(request, template, visitor, status=status_of(error) if error else 200, error=error, **about, **shown)


def _id(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _back_to(webhook_id: UUID, place: str = "") -> RedirectResponse:
    return RedirectResponse(f"/webhooks/{webhook_id}{place}", 303)
