"""A schedule paused and resumed, for the API and the pages."""

from uuid import UUID

from services.web.dependencies.change_imports import about_import
from services.web.dependencies.resources import Resources
from services.web.forms.import_input import PauseInput
from shared.errors import UserError
from shared.rules.due import pause_of
from shared.store.audit_log import Actor
from shared.store.imports import get_import
from shared.store.schedules import pause_import, resume_import


async def pause_schedule(resources: Resources, import_id: UUID, wanted: PauseInput, by: Actor) -> None:
    """Pause; UserError `import_not_found`, `schedule_missing`, `pause_range`, `schedule_not_wall_clock`."""
    async with resources.change(by) as change:
        saved = await get_import(change.connection, import_id, lock=True)
        if saved.schedule is None:
            raise UserError("schedule_missing", "The import has no schedule.")
        pause = pause_of(saved.schedule, wanted.begins, wanted.until, now=change.now)
        await pause_import(change.connection, import_id, pause, now=change.now)
        before = {"from": saved.pause and saved.pause.begins, "until": saved.pause and saved.pause.ends}
        after = {"from": pause.begins, "until": pause.ends}
        details = {name: {"before": before[name], "after": value} for name, value in after.items()}
        await change.note("schedule.paused", about_import(saved), details)


async def resume_schedule(resources: Resources, import_id: UUID, by: Actor) -> None:
    """Resume; UserError `import_not_found`, `schedule_missing`, `schedule_not_paused`."""
    async with resources.change(by) as change:
        saved = await get_import(change.connection, import_id, lock=True)
        await resume_import(change.connection, import_id, now=change.now)
        await change.note("schedule.resumed", about_import(saved))
