"""What a set-up would do, shown before it is finished: a dry run of its draft, live, then its counts and samples."""

from dataclasses import dataclass
from typing import Annotated, Final, get_args
from uuid import UUID

from fastapi import Query, Request
from pydantic import ValidationError
from starlette.responses import JSONResponse, RedirectResponse, Response

from services.web.dependencies.page_route import page_router
from services.web.dependencies.resources import Open
from services.web.dependencies.set_up_drafts import SetUpPlace, discard_set_up, dry_run_set_up, keep_set_up
from services.web.dependencies.set_up_form import read_set_up
from services.web.dependencies.visitor import Visitor, checked_form
from services.web.forms.input_errors import InvalidInputError
from services.web.forms.invalid import input_errors
from services.web.pages.plan_rows import PlanRow, plan_row
from services.web.pages.render import page
from services.web.security.access import needs
from shared.errors import UserError
from shared.postgres.database import Connection
from shared.rules.roles import Role
from shared.store.import_drafts import get_draft
from shared.store.run_details import ChangeKind, plan_changes, problems_of
from shared.store.run_view import RunView, get_run
from shared.store.set_ups import RunSetup

router = page_router()

_SAMPLES: Final = 5
_PROBLEMS: Final = 10
_ABOUT = """SELECT r.setup, r.manager_id, m.contact_count FROM runs r JOIN managers m ON m.id = r.manager_id
    WHERE r.id = $1"""


@dataclass(frozen=True)
class _Outlook:
    """What a plan means for the whole manager."""

    manager_id: UUID
    delete_missing: bool
    replaces_all: bool
    guarded: bool


@router.post("/imports/dry-run")
@needs(Role.EDITOR)
async def start(
    request: Request,
    resources: Open,
    visitor: Visitor,
    manager: Annotated[UUID, Query()],
    edits: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Keep the form as a draft and queue a dry run of it; no contact and no finished import is changed.

    Answers with `draft`, `import` (which keeps the secrets) and `run`; or, as 422, with `errors` by input.
    """
    sent = await read_set_up(request, resources, visitor)
    errors: dict[str, list[str]] = {}
    try:
        async with resources.change(visitor.actor) as change:
            draft = await keep_set_up(change, SetUpPlace(manager, visitor.account_id, sent.draft_id, edits), sent)
            import_id, run_id = await dry_run_set_up(change, resources.sealer, draft, sent)
    except (UserError, ValidationError) as error:
        shown = input_errors(error) if isinstance(error, ValidationError) else error
        for each in shown.errors if isinstance(shown, InvalidInputError) else [shown]:
            errors.setdefault(each.field or "form", []).append(each.message)
        return JSONResponse({"errors": errors}, 422)
    return JSONResponse({"draft": str(draft.id), "import": str(import_id), "run": str(run_id)})


@router.get("/imports/dry-runs/{run_id}")
@needs(Role.EDITOR)
async def show(run_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Show a dry run as a part of the set-up's page: how far it is, then what would happen."""
    async with resources.database.pool.acquire() as connection:
        run = await get_run(connection, run_id)
        samples = await _samples(connection, run) if run.status == "planned" else []
        found = await problems_of(connection, run_id, after=None, limit=_PROBLEMS + 1)
        outlook = await _outlook(connection, run)
    return page(
        request,
        "dry_run.html",
        visitor,
        run=run,
        samples=samples,
        problems=[problem for _, problem in found],
        most_problems=_PROBLEMS,
        outlook=outlook,
        manager_id=outlook.manager_id,
    )


@router.post("/imports/drafts/{draft_id}/discard")
@needs(Role.EDITOR)
async def discard(draft_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Throw a set-up that was not finished away."""
    await checked_form(request, resources, visitor)
    async with resources.change(visitor.actor) as change:
        draft = await get_draft(change.connection, draft_id, visitor.account_id)
        await discard_set_up(change, draft)
    return RedirectResponse(f"/managers/{draft.manager_id}/imports", 303)


async def _samples(connection: Connection, run: RunView) -> list[PlanRow]:
    rows: list[PlanRow] = []
    counted = {"added": run.counts.added, "updated": run.counts.updated, "deleted": run.counts.deleted}
    for kind in (kind for kind in get_args(ChangeKind) if counted[kind]):
        found = await plan_changes(connection, run.id, kind=kind, after=None, limit=_SAMPLES)
        rows += [plan_row(change) for _, change in found]
    return rows


async def _outlook(connection: Connection, run: RunView) -> _Outlook:
    about = await connection.fetchrow(_ABOUT, run.id)
    assert about is not None
    setup = RunSetup.model_validate(about["setup"])
    deletes = setup.options.delete_missing
    guarded = deletes and setup.source.kind == "remote" and about["contact_count"] > 0
    return _Outlook(
        manager_id=about["manager_id"],
        delete_missing=deletes,
        replaces_all=deletes and setup.unique_id.generate,
        guarded=guarded and setup.scheduled,
    )
