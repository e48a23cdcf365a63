"""Webhooks made, changed, deleted and told again, each noted in the audit log; for the API and the pages."""

import secrets
from datetime import datetime
from uuid import UUID

from services.web.dependencies.change import Change
from services.web.forms.webhook_input import ReplayInput, WebhookInput, without_query
from shared.errors import UserError
from shared.rules.webhook_secret import SECRET_BYTES, secret_text
from shared.sealing import Sealer
from shared.store import webhook_deliveries
from shared.store import webhooks as store
from shared.store.audit_log import AuditObject, Details
from shared.store.webhook_deliveries import ChangesReplay, DeliveryView
from shared.store.webhooks import SECRET_PURPOSE, WebhookView


async def make_webhook(change: Change, sealer: Sealer, wanted: WebhookInput) -> tuple[WebhookView, str]:
    """Make a webhook; returns it with its sealed secret. UserError about `url` or `manager_id`."""
    sealed = _new_secret(sealer)
    webhook_id = await store.create_webhook(change.connection, wanted.plan(), sealed, now=change.now)
    if wanted.state == "paused":
        await store.pause_webhook(change.connection, webhook_id, now=change.now)
    made = await store.get_webhook(change.connection, webhook_id, now=change.now)
    await change.note("webhook.created", _about(made), _differences(None, made))
    return made, sealed


async def change_webhook(change: Change, webhook_id: UUID, wanted: WebhookInput) -> WebhookView:
    """Change where it goes, what it is told, and whether; UserError `webhook_not_found`, or as `make_webhook`."""
    before = await store.get_webhook(change.connection, webhook_id, now=change.now, lock=True)
    await store.update_webhook(change.connection, webhook_id, wanted.plan(), now=change.now)
    if wanted.state is not None and wanted.state != before.state:
        set_state = store.enable_webhook if wanted.state == "enabled" else store.pause_webhook
        await set_state(change.connection, webhook_id, now=change.now)
    after = await store.get_webhook(change.connection, webhook_id, now=change.now)
    if details := _differences(before, after):
        await change.note("webhook.changed", _about(after), details)
    return after


async def remove_webhook(change: Change, webhook_id: UUID) -> None:
    """Delete a webhook with its messages; UserError `webhook_not_found`."""
    before = await store.get_webhook(change.connection, webhook_id, now=change.now, lock=True)
    await store.delete_webhook(change.connection, webhook_id)
    await change.note("webhook.deleted", _about(before))


async def renew_secret(change: Change, sealer: Sealer, webhook_id: UUID) -> tuple[str, datetime]:
    """Give a webhook another secret; returns it sealed, and until when the old one counts as well."""
    webhook = await store.get_webhook(change.connection, webhook_id, now=change.now, lock=True)
    sealed = _new_secret(sealer)
    until = await store.replace_secret(change.connection, webhook_id, sealed, now=change.now)
    await change.note("webhook.secret_replaced", _about(webhook), {"secret": {"changed": True}})
    return sealed, until


async def try_webhook(change: Change, webhook_id: UUID) -> DeliveryView:
    """Have a message sent that says nothing; UserError `webhook_not_found`. There is nothing to note."""
    await store.get_webhook(change.connection, webhook_id, now=change.now)
    return await webhook_deliveries.note_test(change.connection, webhook_id, now=change.now)


async def resend_message(change: Change, webhook_id: UUID, delivery_id: UUID) -> DeliveryView:
    """Send one message once more; UserError `webhook_not_found` or `delivery_not_found`."""
    webhook = await store.get_webhook(change.connection, webhook_id, now=change.now)
    sent = await webhook_deliveries.send_again(change.connection, webhook_id, delivery_id, now=change.now)
    details = {"message": {"before": None, "after": f"{sent.type} {sent.message_id}"}}
    await change.note("webhook.replayed", _about(webhook), details)
    return sent


async def tell_again(change: Change, webhook_id: UUID, wanted: ReplayInput) -> ChangesReplay:
    """Tell of changes again, from a number or a run on; UserError as the store, and `replay_unclear`."""
    webhook = await store.get_webhook(change.connection, webhook_id, now=change.now, lock=True)
    manager_id = wanted.manager_id or webhook.manager_id
    if wanted.run_id is not None and wanted.from_number is None:
        replay = await webhook_deliveries.replay_run(change.connection, webhook, wanted.run_id, now=change.now)
    elif wanted.run_id is None and wanted.from_number is not None and manager_id is not None:
        replay = await webhook_deliveries.replay_from(
            change.connection, webhook, manager_id, wanted.from_number, now=change.now
        )
    else:
        message = "Name either a run, or a contact manager and the number of a change."
        raise UserError("replay_unclear", message, field="from_number")
    details = {
        "manager": {"before": None, "after": str(replay.manager_id)},
        "from number": {"before": None, "after": replay.from_number},
    }
    await change.note("webhook.replayed", _about(webhook), details)
    return replay


def _new_secret(sealer: Sealer) -> str:
    return sealer.seal(secret_text(secrets.token_bytes(SECRET_BYTES)), SECRET_PURPOSE)


def _about(webhook: WebhookView) -> AuditObject:
    return AuditObject("webhook", webhook.id, without_query(webhook.url))


def _differences(before: WebhookView | None, after: WebhookView) -> Details:
    details: dict[str, dict[str, object]] = {}
    for name in ("events", "manager_id", "state"):
        was, is_now = (_plain(getattr(each, name)) if each else None for each in (before, after))
        if was != is_now:
            details[name] = {"before": was, "after": is_now}
    was_at, is_at = before.url if before else None, after.url
    if was_at != is_at:
        shown = [without_query(url) if url else None for url in (was_at, is_at)]
        details["url"] = {"before": shown[0], "after": shown[1]} if shown[0] != shown[1] else {"changed": True}
    return details


def _plain(value: object) -> object:
    if isinstance(value, list):
        return ", ".join(value)
    return str(value) if value is not None else None
