"""Imports set up, changed and deleted, each noted in the audit log; for the API and the pages."""

from typing import Any
from uuid import UUID

from services.web.dependencies.change import Change
from services.web.forms.changed_fields import Changes, import_changes, secret_changes
from services.web.forms.credentials import Credentials, credentials_of
from services.web.forms.edit_import import patch_import
from services.web.forms.import_checks import ImportDesk
from services.web.forms.import_document import ImportView, import_view
from shared.events.set_up import RemoteSource
from shared.sealing import Sealer
from shared.store.audit_log import AuditObject
from shared.store.imports import ImportDraft, SavedImport, create_import, delete_import, finish_import, get_import
from shared.store.managers import get_manager


async def make_import(change: Change, sealer: Sealer, draft: ImportDraft) -> UUID:
    """Save a new import; starts no run."""
    import_id = await create_import(change.connection, draft, now=change.now)
    await _note_created(change, sealer, import_id)
    return import_id


async def finish_draft_import(change: Change, sealer: Sealer, saved: SavedImport, patch: dict[str, Any]) -> None:
    """Let a draft become an import, with a patch applied as `patch_import` says; its row has to be locked."""
    manager = await get_manager(change.connection, saved.manager_id)
    await finish_import(change.connection, saved.id, now=change.now)
    await patch_import(ImportDesk(change.connection, sealer, change.now), saved, manager, patch)
    await _note_created(change, sealer, saved.id)


async def change_import(
    change: Change, sealer: Sealer, saved: SavedImport, patch: dict[str, Any], *, entered: Credentials | None = None
) -> None:
    """Save an import with a patch and secrets applied, as `patch_import` says; its row has to be locked."""
    manager = await get_manager(change.connection, saved.manager_id)
    before = await _view(change, sealer, saved)
    await patch_import(ImportDesk(change.connection, sealer, change.now), saved, manager, patch, entered=entered)
    after = await get_import(change.connection, saved.id)
    details = import_changes(before, await _view(change, sealer, after))
    details |= secret_changes(_secrets(saved, sealer), _secrets(after, sealer))
    await _note_parts(change, after, details)


async def remove_import(change: Change, import_id: UUID) -> SavedImport:
    """Deactivate an import, take it off the list, and return it as it was; UserError `import_not_found`."""
    saved = await get_import(change.connection, import_id, lock=True)
    await delete_import(change.connection, import_id, now=change.now)
    await change.note("import.deleted", about_import(saved))
    return saved


def about_import(saved: SavedImport) -> AuditObject:
    """Return what the audit log calls an import."""
    return AuditObject("import", saved.id, saved.name)


async def _note_created(change: Change, sealer: Sealer, import_id: UUID) -> None:
    after = await get_import(change.connection, import_id)
    details = import_changes(None, await _view(change, sealer, after))
    details |= secret_changes(Credentials(), _secrets(after, sealer))
    await change.note("import.created", about_import(after), details)


async def _note_parts(change: Change, after: SavedImport, details: Changes) -> None:
    schedule = {path: each for path, each in details.items() if path.partition(".")[0] == "schedule"}
    others = {path: each for path, each in details.items() if path not in schedule}
    for what, part in (("import.changed", others), ("schedule.changed", schedule)):
        if part:
            await change.note(what, about_import(after), part)


async def _view(change: Change, sealer: Sealer, saved: SavedImport) -> ImportView:
    manager = await get_manager(change.connection, saved.manager_id)
    return import_view(saved, manager, None, sealer, now=change.now)


def _secrets(saved: SavedImport, sealer: Sealer) -> Credentials:
    source = saved.setup.source
    return credentials_of(source, sealer) if isinstance(source, RemoteSource) else Credentials()
