"""An import changed by a JSON Merge Patch: secrets that are absent are kept, another kind of source replaces all."""

from typing import Any

from services.web.forms.credentials import SECRETS, Credentials, credentials_of
from services.web.forms.import_checks import ImportDesk, draft_import
from services.web.forms.import_document import document_to_patch, import_view
from services.web.forms.import_input import ImportInput
from services.web.forms.merge_patch import merged
from services.web.forms.remote_source import same_server
from shared.errors import UserError
from shared.events.set_up import RemoteSource
from shared.sealing import Sealer
from shared.store.imports import SavedImport, update_import
from shared.store.managers import Manager


async def patch_import(
    desk: ImportDesk, saved: SavedImport, manager: Manager, patch: dict[str, Any], *, entered: Credentials | None = None
) -> None:
    """Save the import with the patch applied; its row has to be locked.

    Secrets that are absent are kept as long as the link leads to the same server: they are no other's business.
    `entered` are secrets of the patch's server that were entered before and count in place of those saved.
    InvalidInputError, or pydantic's ValidationError, with all that is wrong.
    """
    document = document_to_patch(import_view(saved, manager, None, desk.sealer, now=desk.now))
    given = patch.get("source")
    source = saved.setup.source
    kept = Credentials()
    if isinstance(given, dict) and given.get("kind", document["source"]["kind"]) != document["source"]["kind"]:
        document["source"] = {}
    elif isinstance(source, RemoteSource):
        document["source"]["host_key"] = source.host_key
        kept = credentials_of(source, desk.sealer)
    result = merged(document, patch)
    if isinstance(source, RemoteSource) and not _stays(source, result.get("source")):
        kept = Credentials()
    if isinstance(given, dict) and isinstance(result.get("source"), dict):
        for name in SECRETS:
            if name in given:
                result["source"][name] = given[name]
    wanted = ImportInput.model_validate(result)
    draft = await draft_import(desk, wanted, kept=kept if entered is None else entered, saved=saved)
    forget_host_key = isinstance(given, dict) and "host_key" in given and given["host_key"] is None
    if isinstance(source, RemoteSource) and isinstance(draft.setup.source, RemoteSource):
        forget_host_key = forget_host_key or not same_server(source.url, draft.setup.source.url)
    await update_import(desk.connection, draft, before=saved, forget_host_key=forget_host_key, now=desk.now)


def kept_credentials(saved: SavedImport, url: str, sealer: Sealer) -> Credentials:
    """Return a saved import's secrets as far as a link leads to the same server: they are no other's business."""
    source = saved.setup.source
    if isinstance(source, RemoteSource) and _stays(source, {"url": url}):
        return credentials_of(source, sealer)
    return Credentials()


def _stays(source: RemoteSource, wanted: object) -> bool:
    """Tell whether a source still leads to the same server; a link that cannot be read is refused elsewhere."""
    url = wanted.get("url") if isinstance(wanted, dict) else None
    try:
        return isinstance(url, str) and same_server(source.url, url)
    except UserError:
        return True
