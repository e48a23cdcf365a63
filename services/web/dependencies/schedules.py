"""A schedule paused and resumed, for the API and the pages."""

from uuid import UUID

from services.web.dependencies.resources import Resources
from services.web.forms.import_input import PauseInput
from shared.errors import UserError
from shared.rules.due import pause_of
from shared.store.imports import get_import
from shared.store.schedules import pause_import, resume_import


async def pause_schedule(resources: Resources, import_id: UUID, wanted: PauseInput) -> None:
    """Pause; UserError `import_not_found`, `schedule_missing`, `pause_range`, `schedule_not_wall_clock`."""
    now = resources.clock.now()
    async with resources.transaction() as connection:
        saved = await get_import(connection, import_id, lock=True)
        if saved.schedule is None:
            raise UserError("schedule_missing", "The import has no schedule.")
        pause = pause_of(saved.schedule, wanted.begins, wanted.until, now=now)
        await pause_import(connection, import_id, pause, now=now)


async def resume_schedule(resources: Resources, import_id: UUID) -> None:
    """Resume; UserError `import_not_found`, `schedule_missing`, `schedule_not_paused`."""
    async with resources.transaction() as connection:
        await resume_import(connection, import_id, now=resources.clock.now())
