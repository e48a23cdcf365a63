"""Steps of a set-up judged while somebody goes through them, and its source tried: answers for the page's scripts."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from services.web.dependencies.change import Change
from services.web.dependencies.judge_step import Step, step_errors
from services.web.dependencies.page_route import page_router
from services.web.dependencies.resources import Open, Resources
from services.web.dependencies.set_up_drafts import SetUpPlace, keep_set_up, secrets_of_draft
from services.web.dependencies.set_up_form import SentSetUp, read_set_up
from services.web.dependencies.try_source import try_input
from services.web.dependencies.visitor import Visitor
from services.web.forms.import_checks import ImportDesk
from services.web.forms.import_form import document_of
from services.web.forms.import_input import RemoteInput
from services.web.forms.input_errors import InvalidInputError
from services.web.forms.invalid import input_errors
from services.web.pages.render import page
from services.web.security.access import needs
from shared.errors import TransientError, UserError
from shared.rules.roles import Role
from shared.store.import_drafts import SetUpDraft, get_import_or_own_draft
from shared.store.imports import get_import

router = page_router()


@router.post("/imports/steps")
@needs(Role.EDITOR)
async def judge(
    request: Request,
    resources: Open,
    visitor: Visitor,
    manager: Annotated[UUID, Query()],
    step: Annotated[Step | None, Query()] = None,
    edits: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Keep what was entered so far as a draft, and judge a step if one is named.

    Answers with `draft`, its id; `errors`, messages by input; `upload`, what a chosen file has become.
    """
    sent = await read_set_up(request, resources, visitor)
    async with resources.change(visitor.actor) as change:
        place = SetUpPlace(manager, visitor.account_id, sent.draft_id, edits)
        draft = await keep_set_up(change, place, sent)
        errors = await _errors(resources, change, draft, sent, step) if step else {}
    return JSONResponse({"draft": str(draft.id), "errors": errors, "upload": sent.upload})


async def _errors(
    resources: Resources, change: Change, draft: SetUpDraft, sent: SentSetUp, step: Step
) -> dict[str, list[str]]:
    edited = await get_import(change.connection, draft.edits) if draft.edits else None
    secrets_of = await secrets_of_draft(change.connection, draft)
    desk = ImportDesk(change.connection, resources.sealer, change.now)
    try:
        document = sent.document(str(draft.manager_id))
        return await step_errors(desk, document, step, edited=edited, secrets_of=secrets_of)
    except UserError as error:
        return {error.field or "form": [error.message]}


@router.post("/imports/test-connection")
@needs(Role.EDITOR)
async def show_connection_test(
    request: Request,
    resources: Open,
    visitor: Visitor,
    edited: Annotated[UUID | None, Query(alias="import")] = None,
) -> Response:
    """Try the source as it stands in the form, and show how far that came, as a part of the page."""
    sent = await read_set_up(request, resources, visitor)
    saved = None
    if edited is not None:
        async with resources.database.pool.acquire() as connection:
            saved = await get_import_or_own_draft(connection, edited, visitor.account_id)
    errors: list[str] = []
    tested = None
    try:
        wanted = RemoteInput.model_validate(document_of(sent.form, sent.secrets, "")["source"])
        zone = sent.form.values.get("time_zone") or "UTC"
        tested = await try_input(resources, wanted, saved, time_zone=zone)
    except InvalidInputError as error:
        errors = [each.message for each in error.errors]
    except ValidationError as error:
        errors = [each.message for each in input_errors(error).errors]
    except (UserError, TransientError) as error:
        errors = [error.message]
    return page(request, "connection_test.html", visitor, tested=tested, errors=errors)
