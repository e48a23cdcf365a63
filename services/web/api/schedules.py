"""Schedules: what one means, paused and resumed, and what was missed."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from pydantic import BaseModel, Field

from services.web.dependencies.api_route import By, api_router
from services.web.dependencies.paging import Cursor, Limit, Page, moment_place, page_of, place_of, text_place
from services.web.dependencies.resources import Open, Resources
from services.web.dependencies.schedules import pause_schedule, resume_schedule
from services.web.dependencies.view_imports import view_imports
from services.web.forms.import_document import ImportView
from services.web.forms.import_input import PauseInput, ScheduleInput
from services.web.security.access import needs
from shared.rules.recurrence import upcoming, validate
from shared.rules.roles import Role
from shared.rules.sentence import describe
from shared.store.imports import get_import, import_existed
from shared.store.schedules import MissedView, missed_of

router = api_router("schedules")


class SchedulePreview(BaseModel):
    """What a schedule means."""

    sentence: str
    next_runs: list[datetime] = Field(description="The next five due times, without spread")


@router.post("/schedule-previews")
@needs(Role.VIEWER)
async def preview_schedule(wanted: ScheduleInput, resources: Open) -> SchedulePreview:
    """Say what a schedule means, or what is wrong with it; nothing is saved."""
    schedule = wanted.schedule()
    validate(schedule)
    return SchedulePreview(sentence=describe(schedule), next_runs=upcoming(schedule, resources.clock.now()))


@router.post("/imports/{import_id}/pause")
@needs(Role.EDITOR)
async def pause(
    import_id: UUID, resources: Open, by: By, wanted: Annotated[PauseInput | None, Body()] = None
) -> ImportView:
    """Let a schedule pause, now or between two times; an earlier pause is replaced. "Import now" still works."""
    await pause_schedule(resources, import_id, wanted or PauseInput.model_validate({}), by)
    return await _view(resources, import_id)


@router.post("/imports/{import_id}/resume")
@needs(Role.EDITOR)
async def resume(import_id: UUID, resources: Open, by: By) -> ImportView:
    """End a schedule's pause; what came due in it is noted as missed, and not made up for."""
    await resume_schedule(resources, import_id, by)
    return await _view(resources, import_id)


@router.get("/imports/{import_id}/missed")
@needs(Role.VIEWER)
async def missed(import_id: UUID, resources: Open, limit: Limit = 100, cursor: Cursor = None) -> Page[MissedView]:
    """List due times that did not run, and why, the newest first."""
    before = place_of(cursor, _moment_and_code)
    async with resources.database.pool.acquire() as connection:
        await import_existed(connection, import_id)
        found = await missed_of(connection, import_id, limit=limit + 1, before=before)
    return page_of(found, limit, lambda each: [each.due_at.isoformat(), each.code])


async def _view(resources: Resources, import_id: UUID) -> ImportView:
    async with resources.database.pool.acquire() as connection:
        saved = await get_import(connection, import_id)
        return (await view_imports(connection, resources, [saved]))[0]


def _moment_and_code(value: Any) -> tuple[datetime, str]:  # noqa: ANN401 - whatever a cursor holds
    moment, code = value
    return moment_place(moment), text_place(code)
