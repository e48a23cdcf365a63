"""The change events of a manager, said again for systems that missed some."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.web.dependencies.api_route import api_router
from services.web.dependencies.resources import Open
from services.web.security.access import needs
from shared.rules.roles import Role
from shared.store.managers import get_manager
from shared.store.replay_changes import first_change_of, replay_changes

router = api_router("contacts")


class ReplayInput(BaseModel):
    """From which change on: its number, or the first one of a run."""

    model_config = ConfigDict(extra="forbid")

    from_number: Annotated[int, Field(ge=1, lt=2**62)] | None = None
    run_id: UUID | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.from_number is None) == (self.run_id is None):
            raise ValueError("name either from_number or run_id")
        return self


class ReplayView(BaseModel):
    """What is said again."""

    from_number: int
    changes: int


@router.post("/managers/{manager_id}/replay-changes", status_code=202)
@needs(Role.EDITOR)
async def replay(manager_id: UUID, wanted: ReplayInput, resources: Open) -> ReplayView:
    """Have `contacts.changed` said again from a number on, or from a run on; repeats have the same numbers."""
    async with resources.transaction() as connection:
        await get_manager(connection, manager_id)
        first = wanted.from_number
        if wanted.run_id is not None:
            first = await first_change_of(connection, manager_id, wanted.run_id)
        assert first is not None
        return ReplayView(from_number=first, changes=await replay_changes(connection, manager_id, first))
