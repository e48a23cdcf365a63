"""Several fields at once, for columns of a file that have none: from the preview, without a new page."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from services.web.dependencies.change_managers import make_field
from services.web.dependencies.page_route import page_router
from services.web.dependencies.resources import Open
from services.web.dependencies.visitor import Visitor, checked_form
from services.web.forms.invalid import input_errors
from services.web.forms.manager_input import FieldInput
from services.web.security.access import needs
from shared.errors import UserError
from shared.rules.roles import Role

router = page_router()


@router.post("/imports/fields")
@needs(Role.EDITOR)
async def add_fields(
    request: Request, resources: Open, visitor: Visitor, manager: Annotated[UUID, Query()]
) -> Response:
    """Add fields of the names and kinds that were sent, all or none; JSON with the fields, or with an `error`."""
    form = await checked_form(request, resources, visitor)
    sent = zip(form.getlist("name"), form.getlist("kind"), strict=False)
    try:
        wanted = [FieldInput.model_validate({"name": str(name), "kind": str(kind)}) for name, kind in sent]
        async with resources.change(visitor.actor) as change:
            for each in wanted:
                await make_field(change, manager, each)
    except ValidationError as error:
        return JSONResponse({"error": input_errors(error).message}, 422)
    except UserError as error:
        return JSONResponse({"error": error.message}, 422)
    return JSONResponse({"fields": [each.model_dump(mode="json", include={"name", "kind"}) for each in wanted]})
