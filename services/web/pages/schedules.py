"""A schedule shown in words while it is set up, paused, and resumed."""

from uuid import UUID

from fastapi import Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from services.web.dependencies.page_route import page_router
from services.web.dependencies.resources import Open
from services.web.dependencies.schedules import pause_schedule, resume_schedule
from services.web.dependencies.visitor import Visitor, checked_form
from services.web.forms.import_input import PauseInput, ScheduleInput
from services.web.forms.schedule_form import schedule_document
from services.web.pages.render import page
from services.web.security.access import needs
from shared.errors import UserError
from shared.rules.recurrence import upcoming, validate
from shared.rules.roles import Role
from shared.rules.sentence import describe

router = page_router()


@router.post("/imports/schedule-preview")
@needs(Role.VIEWER)
async def preview(request: Request, resources: Open, visitor: Visitor) -> Response:
    """Show what the schedule in the form means, as a part of the page; nothing, while it is not complete."""
    form = await checked_form(request, resources, visitor)
    sentence, times, error = "", [], ""
    zone = "UTC"
    try:
        document = schedule_document({name: str(value) for name, value in form.items()})
        if document is not None and document["start"]:
            schedule = ScheduleInput.model_validate(document).schedule()
            validate(schedule)
            sentence, zone = describe(schedule), schedule.time_zone
            times = upcoming(schedule, resources.clock.now())
    except ValidationError:
        sentence = ""  # half typed: saving says what is wrong
    except UserError as refused:
        error = refused.message
    return page(request, "schedule_preview.html", visitor, sentence=sentence, times=times, zone=zone, error=error)


@router.post("/imports/{import_id}/pause")
@needs(Role.EDITOR)
async def pause(import_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Pause the schedule, now or between two days."""
    form = await checked_form(request, resources, visitor)
    days = {name: str(form[name]) for name in ("from", "until") if form.get(name)}
    try:
        wanted = PauseInput.model_validate(days)
    except ValidationError:
        raise UserError("pause_range", "Give the days of a pause as a calendar has them, such as 2026-12-24.") from None
    await pause_schedule(resources, import_id, wanted, visitor.actor)
    return RedirectResponse(f"/imports/{import_id}/runs", 303)


@router.post("/imports/{import_id}/resume")
@needs(Role.EDITOR)
async def resume(import_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Resume the schedule."""
    await checked_form(request, resources, visitor)
    await resume_schedule(resources, import_id, visitor.actor)
    return RedirectResponse(f"/imports/{import_id}/runs", 303)
