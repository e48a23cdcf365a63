"""HTTP and HTTPS by httpx: redirects followed by hand, so that credentials stay with the host they are for."""

import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx

from services.fetcher.adapters.http_answers import begins_at, check_found, check_login, explained, file_state
from services.fetcher.ports import Credentials, EnterStep, FileState, ListedFile, OpenFile
from services.fetcher.settings import FetcherSettings
from shared.errors import ContactsSyncError, TransientError, UserError
from shared.network.checked_http import build_client
from shared.network.trust import Trust
from shared.rules.link import Link

_MOST_REDIRECTS = 5
_FAILURES = (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError)


class HttpTransport:
    """Makes clients for web servers."""

    def __init__(self, settings: FetcherSettings) -> None:
        self._settings = settings
        self._addresses = settings.addresses
        self._trust = Trust()

    @asynccontextmanager
    async def connect(self, link: Link, credentials: Credentials, enter: EnterStep) -> AsyncIterator["HttpServer"]:
        """Look the host up; connections are made with each request."""
        enter("address")
        await self._addresses.resolve(link.host, link.port)
        context = self._trust.context(credentials.ca_certificate)
        timeout = httpx.Timeout(self._settings.idle_seconds, connect=self._settings.connect_seconds)
        async with build_client(context, self._addresses, timeout) as client:
            yield HttpServer(client, _secret_headers(credentials), enter)


class HttpServer:
    """One client; implements `RemoteServer`."""

    host_key: str | None = None

    def __init__(self, client: httpx.AsyncClient, secret_headers: dict[str, str], enter: EnterStep) -> None:
        self._client = client
        self._secret_headers = secret_headers
        self._enter = enter

    async def list_files(self, link: Link, wanted: Callable[[str], bool]) -> list[ListedFile]:  # noqa: ARG002 - the port's
        """Refuse: there is no common way to ask a web server for its files."""
        raise UserError("pattern_unsupported", "Patterns work with sftp, ftp and ftps only; name one file.")

    async def state(self, link: Link) -> FileState | None:
        """Return what a HEAD request says; None where the server does not take one."""
        async with self._answer("HEAD", link, {}) as response:
            check_login(response, link)
            return file_state(response) if response.status_code == httpx.codes.OK else None

    @asynccontextmanager
    async def open(
        self, link: Link, *, offset: int = 0, expected: FileState | None = None, known: FileState | None = None
    ) -> AsyncIterator[OpenFile | None]:
        """Ask for the file, or for its rest, or for whether it is another one.

        A server that packs the file by gzip although nobody asked for that hands out the packed bytes.
        """
        async with self._answer("GET", link, _conditions(offset, expected, known)) as response:
            check_login(response, link)
            self._enter("path")
            if known is not None and response.status_code == httpx.codes.NOT_MODIFIED:
                yield None
                return
            if offset and response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise _changed(link)
            check_found(response, link)
            state = file_state(response)
            passed_over = _check_rest(response, link, offset, expected, state)
            yield OpenFile(state, self._blocks(link, response, passed_over))

    async def _blocks(self, link: Link, response: httpx.Response, passed_over: int) -> AsyncIterator[bytes]:
        try:
            async for block in response.aiter_raw():
                if len(block) > passed_over:
                    yield block[passed_over:]
                passed_over = max(0, passed_over - len(block))
        except _FAILURES as error:
            raise explained(error, link, answered=True) from error

    @asynccontextmanager
    async def _answer(self, method: str, link: Link, conditions: dict[str, str]) -> AsyncIterator[httpx.Response]:
        """Yield the answer that redirects lead to; what fails while it is read is the reader's."""
        url = httpx.URL(link.url)
        response: httpx.Response | None = None
        try:
            for _ in range(_MOST_REDIRECTS + 1):
                trusted = _same_server(httpx.URL(link.url), url)
                headers = conditions | (self._secret_headers if trusted else {})
                request = self._client.build_request(method, url, headers=headers, extensions={"trace": self._trace})
                # httpx keeps the time limits in the extensions, which are given anew here.
                request.extensions["timeout"] = self._client.timeout.as_dict()
                response = await self._client.send(request, stream=True)
                if not response.has_redirect_location:
                    break
                await response.aclose()
                url = _next_url(response, url)
            else:
                raise UserError("too_many_redirects", f"{link.host} redirects in a circle. Check the link.")
        except ContactsSyncError:
            raise
        except _FAILURES as error:
            raise explained(error, link, answered=False) from error
        try:
            yield response
        finally:
            await response.aclose()

    async def _trace(self, event: str, _info: object) -> None:
        match event:
            case "connection.connect_tcp.started":
                self._enter("connect")
            case "connection.start_tls.started":
                self._enter("tls")
            case "http11.send_request_headers.started":
                self._enter("login")


def _secret_headers(credentials: Credentials) -> dict[str, str]:
    headers = dict(credentials.headers)
    if credentials.bearer_token:
        headers["authorization"] = f"Bearer {credentials.bearer_token}"
    elif credentials.login:
        pair = f"{credentials.login}:{credentials.password or ''}".encode()
        headers["authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    return headers


def _conditions(offset: int, expected: FileState | None, known: FileState | None) -> dict[str, str]:
    """Return the headers that ask for a rest or for a change; weak validators say nothing of single bytes."""
    headers: dict[str, str] = {}
    if offset:
        headers["range"] = f"bytes={offset}-"
        if expected and (validator := _strong(expected.etag) or expected.last_modified):
            headers["if-range"] = validator
    if known and known.etag:
        headers["if-none-match"] = known.etag
    elif known and known.last_modified:
        headers["if-modified-since"] = known.last_modified
    return headers


def _check_rest(response: httpx.Response, link: Link, offset: int, expected: FileState | None, state: FileState) -> int:
    """Return how many bytes of the answer are there already; raise where it is not from the file that was begun.

    A server that sends all of a file that it says is the same saves nothing, but nothing is begun anew.
    """
    partial = response.status_code == httpx.codes.PARTIAL_CONTENT
    if not offset:
        if partial:
            raise UserError("server_refused", f"{link.host} answered with a part of the file only.")
        return 0
    marks = ((expected.etag, state.etag), (expected.last_modified, state.last_modified)) if expected else ()
    if expected and (not expected.same_file(state) or any(one and other and one != other for one, other in marks)):
        raise _changed(link)
    if partial and begins_at(response) == offset:
        return 0
    if not partial and any(one and one == other for one, other in marks):
        return offset
    raise TransientError("resume_refused", f"{link.host} broke off, and cannot send the rest of a file.")


def _strong(etag: str | None) -> str | None:
    return etag if etag and not etag.startswith("W/") else None


def _changed(link: Link) -> TransientError:
    return TransientError("file_changing", f"The file on {link.host} is no longer the one that was begun.")


def _same_server(one: httpx.URL, other: httpx.URL) -> bool:
    """Tell whether credentials for one may be sent to the other: the same origin, or its own way to https."""
    if one.host != other.host:
        return False
    ports = [url.port or {"http": 80, "https": 443}[url.scheme] for url in (one, other)]
    return (one.scheme == other.scheme and ports[0] == ports[1]) or (
        (one.scheme, other.scheme) == ("http", "https") and ports == [80, 443]
    )


def _next_url(response: httpx.Response, url: httpx.URL) -> httpx.URL:
    """Return where a redirect leads; UserError `redirect_invalid` or `redirect_insecure`."""
    try:
        following = url.join(response.headers["location"])
    except (httpx.InvalidURL, ValueError) as error:
        raise UserError("redirect_invalid", f"{url.host} redirects to what is no link.") from error
    if following.scheme not in {"http", "https"} or not following.host or following.userinfo:
        raise UserError("redirect_invalid", f"{url.host} redirects to what is no link of the web.")
    if (url.scheme, following.scheme) == ("https", "http"):
        raise UserError("redirect_insecure", f"{url.host} redirects from https to http, where anybody may read along.")
    return following
