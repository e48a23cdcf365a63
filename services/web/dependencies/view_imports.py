"""Imports as they are shown, each with its latest run."""

from collections.abc import Sequence

from services.web.dependencies.resources import Resources
from services.web.forms.import_document import ImportView, import_view
from shared.postgres.database import Connection
from shared.store.imports import SavedImport
from shared.store.managers import get_manager
from shared.store.run_view import latest_runs


async def view_imports(connection: Connection, resources: Resources, saved: Sequence[SavedImport]) -> list[ImportView]:
    """Return imports as they are shown, in the order given."""
    sealer, now = resources.sealer, resources.clock.now()
    runs = await latest_runs(connection, [entry.id for entry in saved])
    manager_ids = {entry.manager_id for entry in saved}
    managers = {manager_id: await get_manager(connection, manager_id) for manager_id in manager_ids}
    return [import_view(entry, managers[entry.manager_id], runs.get(entry.id), sealer, now=now) for entry in saved]
