"""The page for those on call: what is under way, what waits, what was set aside, and the switch for all applies."""

from typing import Final

from aiokafka.errors import KafkaError
from fastapi import Request
from starlette.responses import RedirectResponse, Response

from services.web.dependencies.change_operations import (
    BROKER_UNAVAILABLE,
    pause_applies,
    replay_dead_letter,
    resume_applies,
    send_test_mail,
)
from services.web.dependencies.page_route import page_router
from services.web.dependencies.problems import status_of
from services.web.dependencies.resources import Open, Resources
from services.web.dependencies.view_operations import view_operations
from services.web.dependencies.visitor import Visitor, checked_form
from services.web.pages.render import page
from services.web.security.access import needs
from services.web.security.sessions import Session
from shared.errors import ContactsSyncError, UserError
from shared.kafka.dead_letters import DeadLetter, read_dead_letters
from shared.rules.roles import Role
from shared.store.mail_tests import newest_mail_tests

router = page_router()

_REASON_LENGTH: Final = 1000
_ADDRESS_LENGTH: Final = 320
_SHOWN: Final = 200
_MAIL_TESTS_SHOWN: Final = 5
_BROKER_FAILED: Final = (KafkaError, OSError, TimeoutError)


@router.get("/operations")
@needs(Role.VIEWER)
async def show_operations(request: Request, resources: Open, visitor: Visitor) -> Response:
    """Show how the whole system stands."""
    return await _operations_page(request, resources, visitor)


@router.post("/operations/pause")
@needs(Role.ADMIN)
async def pause(request: Request, resources: Open, visitor: Visitor) -> Response:
    """Let no run write."""
    form = await checked_form(request, resources, visitor)
    reason = str(form.get("reason", "")).replace("\0", "").strip()[:_REASON_LENGTH]
    try:
        async with resources.change(visitor.actor) as change:
            await pause_applies(change, reason)
    except UserError as error:
        return await _operations_page(request, resources, visitor, error)
    return RedirectResponse("/operations", 303)


@router.post("/operations/resume")
@needs(Role.ADMIN)
async def resume(request: Request, resources: Open, visitor: Visitor) -> Response:
    """Let runs write again."""
    await checked_form(request, resources, visitor)
    try:
        async with resources.change(visitor.actor) as change:
            await resume_applies(change)
    except UserError as error:
        return await _operations_page(request, resources, visitor, error)
    return RedirectResponse("/operations", 303)


@router.post("/operations/test-mail")
@needs(Role.ADMIN)
async def test_mail(request: Request, resources: Open, visitor: Visitor) -> Response:
    """Have a test mail sent; the page says what becomes of it."""
    form = await checked_form(request, resources, visitor)
    try:
        async with resources.change(visitor.actor) as change:
            await send_test_mail(change, str(form.get("address", "")).replace("\0", "")[:_ADDRESS_LENGTH])
    except UserError as error:
        return await _operations_page(request, resources, visitor, error)
    return RedirectResponse("/operations#mails", 303)


@router.get("/operations/dead-letters")
@needs(Role.ADMIN)
async def show_dead_letters(request: Request, resources: Open, visitor: Visitor) -> Response:
    """List the records that were set aside."""
    return await _dead_letters_page(request, resources, visitor)


@router.post("/operations/dead-letters/replay")
@needs(Role.ADMIN)
async def replay(request: Request, resources: Open, visitor: Visitor) -> Response:
    """Handle one of them once more, and show the run that it begins, if it does."""
    form = await checked_form(request, resources, visitor)
    try:
        place = [int(str(form.get(name, ""))) for name in ("partition", "offset")]
    except ValueError:
        message = "This record can't be found: list the records anew."
        return await _dead_letters_page(request, resources, visitor, UserError("invalid", message))
    try:
        topic = str(form.get("topic", ""))
        letter, run_id = await replay_dead_letter(resources, visitor.actor, topic, *place)
    except _BROKER_FAILED:
        return await _dead_letters_page(request, resources, visitor, BROKER_UNAVAILABLE)
    except UserError as error:
        return await _dead_letters_page(request, resources, visitor, error)
    if run_id is not None:
        return RedirectResponse(f"/runs/{run_id}", 303)
    return RedirectResponse(f"/operations/dead-letters?said={letter.topic.name}", 303)


async def _operations_page(
    request: Request, resources: Resources, visitor: Session, error: UserError | None = None
) -> Response:
    async with resources.database.pool.acquire() as connection:
        shown = await view_operations(resources, connection)
        tests = await newest_mail_tests(connection, _MAIL_TESTS_SHOWN) if visitor.role.includes(Role.ADMIN) else []
    status = status_of(error) if error else 200
    return page(request, "operations.html", visitor, status=status, operations=shown, mail_tests=tests, error=error)


async def _dead_letters_page(
    request: Request, resources: Resources, visitor: Session, error: ContactsSyncError | None = None
) -> Response:
    letters: list[DeadLetter] = []
    if error is not BROKER_UNAVAILABLE:
        try:
            letters = await read_dead_letters(resources.settings.kafka, newest=_SHOWN, who="web")
        except _BROKER_FAILED:
            error = error or BROKER_UNAVAILABLE
    letters.sort(key=lambda letter: letter.about("at"), reverse=True)
    status = status_of(error) if isinstance(error, UserError) else 200
    said = request.query_params.get("said")
    return page(
        request,
        "dead_letters.html",
        visitor,
        status=status,
        letters=letters[:_SHOWN],
        count=len(letters),
        error=error,
        said=said,
    )
