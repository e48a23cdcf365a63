"""Plans that people decide on: a refused run or a dry run is approved, an applied run is undone."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Body, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from services.web.dependencies import decide_runs
from services.web.dependencies.answer_once import answer_once
from services.web.dependencies.api_route import By, api_router
from services.web.dependencies.change import Change
from services.web.dependencies.resources import Open
from services.web.forms.text import Text
from services.web.security.access import needs
from shared.postgres.database import Connection
from shared.rules.roles import Role
from shared.store.plan_requests import PlanRequest
from shared.store.run_view import RunView, get_run

router = api_router("runs")

_Reason = Annotated[Text, Field(max_length=1000, description="Why, kept with the run")]
_Shown = Annotated[bool, Query(description="Only show what it would do now")]


class ApprovalInput(BaseModel):
    """Why, and whether the plan's deletes are left out."""

    model_config = ConfigDict(extra="forbid")

    reason: _Reason | None = None
    only: Literal["additions_and_updates"] | None = None


class UndoInput(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: _Reason | None = None


@router.post("/runs/{run_id}/approve", status_code=202, response_model=RunView)
@needs(Role.APPROVER)
async def approve_run(
    run_id: UUID,
    request: Request,
    resources: Open,
    by: By,
    wanted: Annotated[ApprovalInput | None, Body()] = None,
    *,
    dry_run: _Shown = False,
) -> JSONResponse:
    """Apply the plan of a refused run, or of a dry run, as it was shown.

    Where contacts of the plan changed since, the new run ends `planned`, with them first, and waits to be approved.
    """
    approval = wanted or ApprovalInput()

    async def create(connection: Connection) -> RunView:
        asked = PlanRequest(
            account_id=by.account_id,
            now=resources.clock.now(),
            dry_run=dry_run,
            reason=approval.reason,
            additions_and_updates_only=approval.only is not None,
        )
        approval_id = await decide_runs.approve_plan(Change(connection, by, asked.now), run_id, asked)
        return await get_run(connection, approval_id)

    return await answer_once(request, resources, create, status=202)


@router.post("/runs/{run_id}/undo", status_code=202, response_model=RunView)
@needs(Role.APPROVER)
async def undo_run(
    run_id: UUID,
    request: Request,
    resources: Open,
    by: By,
    wanted: Annotated[UndoInput | None, Body()] = None,
    *,
    dry_run: _Shown = False,
) -> JSONResponse:
    """Take an applied run back: what was changed since is kept, and listed among the new run's problems."""
    reason = wanted.reason if wanted else None

    async def create(connection: Connection) -> RunView:
        asked = PlanRequest(account_id=by.account_id, now=resources.clock.now(), dry_run=dry_run, reason=reason)
        return await get_run(connection, await decide_runs.undo_run(Change(connection, by, asked.now), run_id, asked))

    return await answer_once(request, resources, create, status=202)
