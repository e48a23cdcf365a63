"""Trying a source for whoever asks: one that stands in a form, with what is saved where that counts, or a saved one."""

from uuid import UUID

from services.web.dependencies.resources import Resources
from services.web.forms.credentials import Credentials, credentials_of
from services.web.forms.import_input import RemoteInput
from services.web.forms.input_errors import ErrorList
from services.web.forms.remote_source import checked_remote, same_server
from shared.errors import UserError
from shared.events.connection_tests import ConnectionTested
from shared.events.set_up import RemoteSource
from shared.rules.recurrence import time_zone_named
from shared.store.imports import SavedImport, get_import


async def try_input(
    resources: Resources, wanted: RemoteInput, saved: SavedImport | None, *, time_zone: str = "UTC"
) -> ConnectionTested:
    """Try a source as it was entered; InvalidInputError with all that is wrong with it.

    Of an import that is edited, `saved`, secrets and the host key seen first count where none were entered, as long
    as the link leads to the same server.
    """
    time_zone_named(time_zone)
    errors = ErrorList()
    source = None
    with errors.check():
        source = source_as_entered(resources, wanted, saved, errors)
    errors.raise_any()
    assert source is not None
    return await resources.connection_tests.try_source(source, time_zone=time_zone)


def source_as_entered(
    resources: Resources, wanted: RemoteInput, saved: SavedImport | None, errors: ErrorList
) -> RemoteSource:
    """Return a source as it was entered, completed from what is saved; UserError about the link, else the errors."""
    kept, host_key = Credentials(), None
    before = saved.setup.source if saved else None
    if saved is not None and isinstance(before, RemoteSource) and same_server(before.url, wanted.url):
        kept, host_key = credentials_of(before, resources.sealer), before.host_key or saved.host_key
    source = checked_remote(wanted, kept, resources.sealer, errors)
    return source.model_copy(update={"host_key": source.host_key or host_key})


async def try_saved(resources: Resources, import_id: UUID) -> ConnectionTested:
    """Try an import's source as it is saved; UserError `import_not_found` or `source_uploaded`."""
    async with resources.database.pool.acquire() as connection:
        saved = await get_import(connection, import_id)
    source = saved.setup.source
    if not isinstance(source, RemoteSource):
        raise UserError("source_uploaded", "The file was uploaded: there is no connection to test.")
    return await resources.connection_tests.try_source(
        source.model_copy(update={"host_key": source.host_key or saved.host_key}),
        time_zone=saved.schedule.time_zone if saved.schedule else "UTC",
    )
