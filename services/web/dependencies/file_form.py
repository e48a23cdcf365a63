"""A form with a file in it: the file is sealed away while it comes, the rest is kept as texts."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from fastapi import Request

from services.web.dependencies.receive_file import file_name, receive_file
from services.web.dependencies.resources import Resources
from services.web.forms.multipart import MultipartReader, PartData
from services.web.security.same_origin import require_csrf_token, require_same_origin
from services.web.security.sessions import Session
from shared.errors import UserError
from shared.store.uploads import UploadView, record_upload

_MAX_TEXT = 1024**2


@dataclass
class FileForm:
    """What came: texts by name, in order, and the file that was stored, if one was chosen."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    upload: UploadView | None = None
    upload_name: str = ""

    def text(self, name: str) -> str:
        """Return the first text of that name, trimmed at its ends only by the browser; empty where there is none."""
        return self.texts.get(name, [""])[0]

    def every(self, name: str) -> list[str]:
        """Return all texts of that name."""
        return self.texts.get(name, [])


class _Pieces:
    """The pieces of a body, one ahead."""

    def __init__(self, pieces: AsyncIterator[PartData]) -> None:
        self._pieces = pieces
        self.next: PartData | None = None

    async def advance(self) -> PartData | None:
        """Go on to the next piece."""
        self.next = await anext(self._pieces, None)
        return self.next

    async def rest_of_part(self) -> AsyncIterator[bytes]:
        """Yield what is left of the part at hand."""
        while (piece := await self.advance()) is not None and piece.data:
            yield piece.data


async def read_file_form(request: Request, resources: Resources, visitor: Session) -> FileForm:
    """Return a form; nothing is stored before its CSRF token, the first part, was seen to be right."""
    require_same_origin(request.headers, resources.settings.web.public_url)
    reader = MultipartReader(request.headers.get("content-type", ""))
    pieces = _Pieces(reader.parts(request.stream()))
    form = FileForm()
    size = 0
    await pieces.advance()
    while (part := pieces.next) is not None:
        if part.file_name:
            require_csrf_token(form.text("csrf"), visitor.csrf_token)
            form.upload = await receive_file(resources, pieces.rest_of_part())
            form.upload_name = file_name(part.file_name)
            continue
        value = b""
        async for data in pieces.rest_of_part():
            value += data
            size += len(data)
            if size > _MAX_TEXT:
                raise UserError("request_too_large", "The form holds too much text.")
        if part.file_name is None:
            text = value.decode(errors="replace").replace("\r\n", "\n")
            form.texts.setdefault(part.name, []).append(text)
    require_csrf_token(form.text("csrf"), visitor.csrf_token)
    if form.upload is not None:
        async with resources.transaction() as connection:
            await record_upload(connection, form.upload, form.upload_name, now=resources.clock.now())
    return form
