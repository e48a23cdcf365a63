"""Uploads: a file as the body, raw or as the part `file` of a multipart form, streamed either way."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import JSONResponse

from services.web.dependencies.answer_once import answer_once
from services.web.dependencies.api_route import api_router
from services.web.dependencies.receive_file import file_name, receive_file
from services.web.dependencies.resources import Open
from services.web.forms.multipart import MultipartReader
from services.web.security.access import needs
from shared.errors import UserError
from shared.postgres.database import Connection
from shared.rules.roles import Role
from shared.store.uploads import UploadView, record_upload, upload_key

router = api_router("uploads")


class _Body:
    """A request's file; `name` is what a multipart form calls it."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._reader: MultipartReader | None = None
        self.name: str | None = None
        content_type = request.headers.get("content-type", "")
        if content_type.lower().startswith("multipart/form-data"):
            self._reader = MultipartReader(content_type)

    async def blocks(self) -> AsyncIterator[bytes]:
        """Yield the file; UserError `file_missing` where a form has none."""
        if self._reader is None:
            async for block in self._request.stream():
                yield block
            return
        found = False
        async for piece in self._reader.parts(self._request.stream()):
            if piece.name == "file":
                if found and not piece.data:
                    continue
                found = True
                self.name = piece.file_name
                yield piece.data
        if not found:
            raise UserError("file_missing", "The form has no part called `file`.", field="file")


@router.post("/uploads", status_code=201, response_model=UploadView)
@needs(Role.EDITOR)
async def upload_file(
    request: Request,
    resources: Open,
    name: Annotated[str | None, Query(max_length=1000, description="The file's name, for people")] = None,
) -> JSONResponse:
    """Upload a file, to be named as the source of an import."""
    body = _Body(request)
    upload = await receive_file(resources, body.blocks())
    used = False

    async def create(connection: Connection) -> UploadView:
        nonlocal used
        used = True
        shown = file_name(name or body.name)
        await record_upload(connection, upload, shown, now=resources.clock.now())
        return upload

    try:
        answer = await answer_once(request, resources, create, content=upload.sha256)
    except BaseException:
        used = False
        raise
    finally:
        if not used:
            await resources.objects.delete(upload_key(upload.upload_id))
    return answer
