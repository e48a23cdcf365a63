"""Who looks at a page, and the forms they send."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData

from services.web.dependencies.resources import Resources
from services.web.security.same_origin import require_csrf_token, require_same_origin
from services.web.security.sessions import Session


def _visitor(request: Request) -> Session:
    visitor: Session = request.state.visitor
    return visitor


Visitor = Annotated[Session, Depends(_visitor)]
"""A page's parameter of this type gets who has signed in."""


async def checked_form(request: Request, resources: Resources, visitor: Session) -> FormData:
    """Return a form without files; UserError where it was not sent from a page of ours."""
    require_same_origin(request.headers, resources.settings.web.public_url)
    form = await request.form(max_files=0, max_fields=5000)
    require_csrf_token(str(form.get("csrf", "")), visitor.csrf_token)
    return form
