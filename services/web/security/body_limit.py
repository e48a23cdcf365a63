"""No request is read beyond its limit, whether or not it said its length beforehand."""

import re

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_FORM_BYTES = 1024**2  # what an upload's form may hold beside the file


class BodyLimit:
    """Ends reading with 413; `takes_file` matches the whole paths of requests that may carry a file."""

    def __init__(
        self, app: ASGIApp, *, max_body_bytes: int, max_upload_bytes: int, takes_file: re.Pattern[str]
    ) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes
        self._max_upload_bytes = max_upload_bytes
        self._takes_file = takes_file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting what is read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        takes_file = self._takes_file.fullmatch(scope["path"])
        limit = self._max_upload_bytes + _FORM_BYTES if takes_file else self._max_body_bytes
        declared = Headers(scope=scope).get("content-length", "")
        read = 0

        async def receive_at_most() -> Message:
            nonlocal read
            if declared.isdecimal() and int(declared) > limit:
                raise _too_large(limit)
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise _too_large(limit)
            return message

        await self._app(scope, receive_at_most, send)


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"The request is larger than {limit} bytes.")
