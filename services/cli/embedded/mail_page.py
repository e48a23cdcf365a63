"""The page that shows the mails of the sink: a list, and one mail. For this machine's own browser only."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import jinja2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from services.cli.embedded.mail_folder import Mail, MailFolder

PAGE_LENGTH = 100

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
# A mail's own markup may only be looked at: no scripts, no request that tells its sender it was read.
_MAIL_HEADERS = {
    **_HEADERS,
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'; sandbox"
    ),
}


class MailPages:
    """The handlers; mails are read on a thread."""

    def __init__(self, folder: MailFolder) -> None:
        self._folder = folder
        self._templates = jinja2.Environment(
            loader=jinja2.PackageLoader("services.cli.embedded"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
        )

    async def every(self, request: Request) -> Response:
        """Show the newest mails; `?before=NAME` shows older ones."""
        before = request.query_params.get("before")
        mails, older = await asyncio.to_thread(self._newest, before)
        page = self._templates.get_template("mails.html").render(mails=mails, older=older, before=before)
        return HTMLResponse(page, headers=_HEADERS)

    async def one(self, request: Request) -> Response:
        """Show one mail: its headers, its text, and its HTML in a frame that can do nothing."""
        mail = await self._mail(request)
        return HTMLResponse(self._templates.get_template("mail.html").render(mail=mail), headers=_HEADERS)

    async def html(self, request: Request) -> Response:
        """Return the HTML part of a mail, as it came, for the frame."""
        mail = await self._mail(request)
        if mail.html is None:
            raise HTTPException(404)
        return HTMLResponse(mail.html, headers=_MAIL_HEADERS)

    def _newest(self, before: str | None) -> tuple[list[Mail], str | None]:
        names = (name for name in self._folder.names() if before is None or name < before)
        wanted = list(itertools.islice(names, PAGE_LENGTH + 1))
        mails = [mail for name in wanted[:PAGE_LENGTH] if (mail := self._folder.mail(name)) is not None]
        return mails, wanted[PAGE_LENGTH - 1] if len(wanted) > PAGE_LENGTH else None

    async def _mail(self, request: Request) -> Mail:
        mail = await asyncio.to_thread(self._folder.mail, request.path_params["name"])
        if mail is None:
            raise HTTPException(404)
        return mail


async def _ready(request: Request) -> Response:  # noqa: ARG001 -- every handler is given the request
    return PlainTextResponse("ready")


def mail_app(folder: MailFolder, lifespan: Lifespan | None = None) -> Starlette:
    """Return the application; it answers to names of this machine only, so that no web page can read it."""
    pages = MailPages(folder)
    handlers: dict[str, Callable[[Request], Awaitable[Response]]] = {
        "/": pages.every,
        "/mails/{name}": pages.one,
        "/mails/{name}/html": pages.html,
        "/readyz": _ready,
    }
    return Starlette(
        routes=[Route(path, handler) for path, handler in handlers.items()],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
        lifespan=lifespan,
    )
