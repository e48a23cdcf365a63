"""How the whole system stands, and the switch that pauses all applies."""

from typing import Annotated

from fastapi import Body
from pydantic import BaseModel, ConfigDict, Field

from services.web.dependencies.api_route import By, api_router
from services.web.dependencies.change_operations import pause_applies, resume_applies
from services.web.dependencies.resources import Open
from services.web.dependencies.view_operations import WholeOperationsView, view_operations
from services.web.forms.text import Text
from services.web.security.access import needs
from shared.rules.roles import Role

router = api_router("operations")


class PauseAppliesInput(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Text, Field(max_length=1000, description="Why, for those who wonder")] = ""


@router.get("/operations")
@needs(Role.VIEWER)
async def get_operations(resources: Open) -> WholeOperationsView:
    """Tell what is under way and what waits."""
    async with resources.database.pool.acquire() as connection:
        return await view_operations(resources, connection)


@router.put("/operations/applies-pause")
@needs(Role.ADMIN)
async def pause(
    resources: Open, by: By, wanted: Annotated[PauseAppliesInput | None, Body()] = None
) -> WholeOperationsView:
    """Let runs fetch, read and plan, and no run write, until applies are resumed; what is being written is finished."""
    async with resources.change(by) as change:
        await pause_applies(change, wanted.reason if wanted else "")
        return await view_operations(resources, change.connection)


@router.delete("/operations/applies-pause")
@needs(Role.ADMIN)
async def resume(resources: Open, by: By) -> WholeOperationsView:
    """Let runs write again: those that waited go on."""
    async with resources.change(by) as change:
        await resume_applies(change)
        return await view_operations(resources, change.connection)
