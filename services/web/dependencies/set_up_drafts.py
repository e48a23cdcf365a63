"""Set-ups that are not finished: kept on the way, tried by dry runs that change nothing, and finished or discarded."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.web.dependencies.change import Change
from services.web.dependencies.change_imports import change_import, finish_draft_import
from services.web.dependencies.set_up_form import SentSetUp
from services.web.forms.credentials import Credentials
from services.web.forms.edit_import import kept_credentials, patch_import
from services.web.forms.import_checks import ImportDesk, draft_import
from services.web.forms.import_input import ImportInput, RemoteInput
from services.web.forms.kept_form import form_to_json
from services.web.forms.remote_source import same_server
from shared.errors import UserError
from shared.events.set_up import RemoteSource
from shared.postgres.database import Connection
from shared.rules.kinds import Kind
from shared.rules.recurrence import time_zone_named
from shared.sealing import Sealer
from shared.store.import_drafts import (
    SetUpDraft,
    create_draft,
    find_draft,
    forget_draft,
    tie_draft,
    update_draft,
)
from shared.store.imports import SavedImport, create_import, delete_import, get_import, pin_host_key
from shared.store.managers import get_manager
from shared.store.run_end import Outcome, close_run
from shared.store.runs import request_run


@dataclass(frozen=True)
class SetUpPlace:
    """Which set-up is meant: of which manager, in whose draft, and the import that is edited if it is not a new one."""

    manager_id: UUID
    account_id: UUID
    draft_id: UUID | None = None
    edits: UUID | None = None


async def keep_set_up(change: Change, place: SetUpPlace, sent: SentSetUp) -> SetUpDraft:
    """Keep what was entered so far, in the draft that there is, else in a new one."""
    connection = change.connection
    draft = await find_draft(connection, place.draft_id, place.account_id)
    manager = await get_manager(connection, draft.manager_id if draft else place.manager_id)
    form = form_to_json(
        sent.form,
        had_secrets=sent.has_secrets or _had_secrets(draft),
        password_fields=[field.name for field in manager.fields if field.kind is Kind.PASSWORD],
    )
    if draft is not None:
        await update_draft(connection, draft.id, form, now=change.now)
        return draft
    if place.edits is not None:
        await get_import(connection, place.edits)
    return await create_draft(
        connection,
        manager_id=place.manager_id,
        account_id=place.account_id,
        edits=place.edits,
        form=form,
        now=change.now,
    )


async def dry_run_set_up(change: Change, sealer: Sealer, draft: SetUpDraft, sent: SentSetUp) -> tuple[UUID, UUID]:
    """Queue a dry run of a set-up as it stands in its form; returns the draft's import and the run.

    The import that is edited stays as it is. InvalidInputError, or pydantic's ValidationError, with all that is wrong.
    """
    connection = change.connection
    document = sent.document(str(draft.manager_id))
    planned = _schedule_to_be(document.pop("schedule"))
    document["schedule"] = None
    desk = ImportDesk(connection, sealer, change.now)
    if draft.import_id is not None:
        await _stop_dry_run(change, draft.import_id)
        saved = await get_import(connection, draft.import_id, lock=True, or_draft=True)
        manager = await get_manager(connection, draft.manager_id)
        await patch_import(desk, saved, manager, _keeping_host_key(document, saved))
        import_id = saved.id
    else:
        import_id = await _make_draft_import(desk, draft, document)
    run_id = await request_run(
        connection,
        import_id,
        trigger="now",
        now=change.now,
        dry_run=True,
        account_id=draft.account_id,
        schedule_to_be=planned,
    )
    return import_id, run_id


async def finish_set_up(change: Change, sealer: Sealer, draft: SetUpDraft, document: dict[str, Any]) -> UUID | None:
    """Let a draft's import become one like all others, or save the one that it edits, as the document says; return it.

    None where there was no dry run of a new set-up: its import is still to be made. Errors as `dry_run_set_up`.
    """
    await forget_draft(change.connection, draft.id)
    if draft.import_id is not None:
        await _stop_dry_run(change, draft.import_id)
    if draft.edits is not None:
        entered = await _take_secrets(change, sealer, draft, document)
        await save_edited(change, sealer, draft.edits, document, entered=entered)
        return draft.edits
    if draft.import_id is None:
        return None
    saved = await get_import(change.connection, draft.import_id, lock=True, or_draft=True)
    await finish_draft_import(change, sealer, saved, _keeping_host_key(document, saved))
    return saved.id


async def save_edited(
    change: Change, sealer: Sealer, import_id: UUID, document: dict[str, Any], *, entered: Credentials | None = None
) -> None:
    """Save an import that is edited; secrets `entered` before and errors as `change_import` says."""
    saved = await get_import(change.connection, import_id, lock=True)
    if document["source"].get("host_key") == saved.host_key:
        document["source"].pop("host_key", None)  # shown because it was seen, not because it was given
    await change_import(change, sealer, saved, document, entered=entered)


async def discard_set_up(change: Change, draft: SetUpDraft) -> None:
    """Throw a draft away, with the import that its dry runs were of."""
    await forget_draft(change.connection, draft.id)
    if draft.import_id is not None:
        await _stop_dry_run(change, draft.import_id)
        await delete_import(change.connection, draft.import_id, now=change.now)


async def _take_secrets(
    change: Change, sealer: Sealer, draft: SetUpDraft, document: dict[str, Any]
) -> Credentials | None:
    """Delete the import of an edit's dry runs; returns its secrets where some were typed and the server is the same."""
    if draft.import_id is None:
        return None
    tried = await get_import(change.connection, draft.import_id, or_draft=True)
    await delete_import(change.connection, draft.import_id, now=change.now)
    if not _had_secrets(draft):
        return None  # they are those of the edited import, which may have others by now
    secrets = kept_credentials(tried, document["source"].get("url", ""), sealer)
    return None if secrets == Credentials() else secrets


async def _make_draft_import(desk: ImportDesk, draft: SetUpDraft, document: dict[str, Any]) -> UUID:
    """Save what a dry run is to be made of; of an import that is edited, what was saved of its server counts too."""
    wanted = ImportInput.model_validate(document)
    edited = await get_import(desk.connection, draft.edits) if draft.edits else None
    kept, host_key = Credentials(), None
    if edited is not None and isinstance(wanted.source, RemoteInput):
        kept = kept_credentials(edited, wanted.source.url, desk.sealer)
        host_key = _seen_host_key(edited, wanted.source.url)
    made = await draft_import(desk, wanted, kept=kept)
    await create_import(desk.connection, made, now=desk.now, is_draft=True)
    if host_key is not None:
        await pin_host_key(desk.connection, made.id, host_key)
    await tie_draft(desk.connection, draft.id, made.id)
    return made.id


def _seen_host_key(saved: SavedImport, url: str) -> str | None:
    source = saved.setup.source
    return saved.host_key if isinstance(source, RemoteSource) and same_server(source.url, url) else None


def _keeping_host_key(document: dict[str, Any], saved: SavedImport) -> dict[str, Any]:
    """Leave out a host key that nobody has entered, so that the one seen by a dry run is still asked for afterwards."""
    source = {**document["source"]}
    if source.get("host_key") in {None, saved.host_key}:
        source.pop("host_key", None)
    return {**document, "source": source}


def _schedule_to_be(schedule: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return what a run has to know of a schedule that is still being entered: that there is one, and its zone."""
    if schedule is None:
        return None
    try:
        time_zone_named(schedule["time_zone"])
    except UserError:
        return {"time_zone": "UTC"}
    return {"time_zone": schedule["time_zone"]}


async def _stop_dry_run(change: Change, import_id: UUID) -> None:
    """Cancel a draft's dry run, if one is under way: something newer is wanted."""
    run = await change.connection.fetchrow(
        "SELECT id, attempt FROM runs WHERE import_id = $1 AND finished_at IS NULL FOR NO KEY UPDATE", import_id
    )
    if run is not None:
        outcome = Outcome("cancelled")
        await close_run(change.connection, run["id"], run["attempt"], outcome, now=change.now, service="web")


def _had_secrets(draft: SetUpDraft | None) -> bool:
    return draft is not None and bool(draft.form["had_secrets"])


async def secrets_of_draft(connection: Connection, draft: SetUpDraft) -> SavedImport | None:
    """Return the import whose saved secrets count in a draft: that of its dry runs, else the one that is edited."""
    import_id = draft.import_id or draft.edits
    return await get_import(connection, import_id, or_draft=True) if import_id else None
