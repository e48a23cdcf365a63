"""Trying a source, saved or not, before anything depends on it."""

from typing import Annotated
from uuid import UUID

from fastapi import Body
from pydantic import BaseModel, ConfigDict, Field

from services.web.dependencies.api_route import api_router
from services.web.dependencies.resources import Open
from services.web.dependencies.try_source import try_input, try_saved
from services.web.forms.import_input import RemoteInput
from services.web.security.access import needs
from shared.events.connection_tests import ConnectionTested
from shared.rules.roles import Role

router = api_router("imports")


class SourceInput(BaseModel):
    """A source to try."""

    model_config = ConfigDict(extra="forbid")

    source: RemoteInput
    time_zone: str = Field("UTC", description="For dates in the link")


@router.post("/test-connection")
@needs(Role.EDITOR)
async def try_source(wanted: Annotated[SourceInput, Body()], resources: Open) -> ConnectionTested:
    """Try a source that is not saved; stores and pins nothing."""
    return await try_input(resources, wanted.source, None, time_zone=wanted.time_zone)


@router.post("/imports/{import_id}/test-connection")
@needs(Role.EDITOR)
async def try_import(import_id: UUID, resources: Open) -> ConnectionTested:
    """Try an import's source as it is saved; stores and pins nothing."""
    return await try_saved(resources, import_id)
