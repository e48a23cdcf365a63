"""The HTTP API as the command line uses it: one method for each call, problem documents as errors."""

import ipaddress
import json
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from shared.errors import ContactsSyncError, TransientError, UserError

_PREFIX = "/api/v1"
_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 120.0
_SILENCE_SECONDS = 45.0
"""A stream says at least every 15 s that it is still there."""
_PATIENCE_SECONDS = 60.0
_FIRST_WAIT = 0.2
_LONGEST_WAIT = 2.0
_PAGE = 1000

Document = dict[str, Any]


class ApiClient:
    """Calls the API of one address with one token while it is entered.

    Every call raises UserError for what was asked wrongly, and TransientError for what may succeed later.
    """

    def __init__(self, url: str, token: str) -> None:
        self._root = url.rstrip("/").removesuffix(_PREFIX)
        self._client = httpx.Client(
            base_url=self._root + _PREFIX,
            headers={"authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
            trust_env=not is_loopback(self._root),
        )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close its connections."""
        self._client.close()

    def get(self, path: str, **parameters: str | int) -> Document:
        """Read a document."""
        return self._call("GET", path, params=parameters)

    def list_all(self, path: str, **parameters: str | int) -> Iterator[Document]:
        """Read all items of a list, page by page."""
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, limit=_PAGE, **parameters, **cursor)
            yield from page["items"]
            if page["next"] is None:
                return
            cursor = {"cursor": page["next"]}

    def post(self, path: str, body: Document) -> Document:
        """Create something."""
        return self._call("POST", path, json=body)

    def patch(self, path: str, body: Document) -> Document:
        """Change something by JSON Merge Patch."""
        return self._call("PATCH", path, json=body)

    def upload(self, name: str, size: int, blocks: Iterator[bytes]) -> Document:
        """Upload a file of `size` bytes."""
        headers = {"content-type": "application/octet-stream", "content-length": str(size)}
        return self._call("POST", "/uploads", params={"name": name}, content=blocks, headers=headers)

    def watch_run(self, run_id: str) -> Iterator[Document]:
        """Yield a run at once, at each change, and when it has ended; a stream that breaks is taken up again.

        TransientError `watch_lost` when nothing was heard for a minute. The run goes on all the same.
        """
        heard, wait = time.monotonic(), _FIRST_WAIT
        while True:
            try:
                for run in self._run_events(run_id):
                    heard, wait = time.monotonic(), _FIRST_WAIT
                    yield run
                    if run["finished_at"] is not None:
                        return
            except (TransientError, httpx.TransportError) as error:
                if time.monotonic() - heard > _PATIENCE_SECONDS:
                    message = f"Nothing was heard of run {run_id} for a minute. It goes on: look at its page later."
                    raise TransientError("watch_lost", message) from error
            time.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    def _run_events(self, run_id: str) -> Iterator[Document]:
        timeout = httpx.Timeout(_CONNECT_SECONDS, read=_SILENCE_SECONDS)
        with self._client.stream("GET", f"/runs/{run_id}/events", timeout=timeout) as response:
            if not response.is_success:
                response.read()
                raise self._error(response)
            data: list[str] = []
            for line in response.iter_lines():
                if line.startswith("data:"):
                    data.append(line.removeprefix("data:").removeprefix(" "))
                elif not line and data:
                    yield json.loads("\n".join(data))
                    data = []

    def _call(self, method: str, path: str, **request: Any) -> Document:  # noqa: ANN401 - httpx's own arguments
        try:
            response = self._client.request(method, path, **request)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            message = "The address of the API has to be one such as http://127.0.0.1:8080: mend --url."
            raise UserError("api_address_invalid", message, field="url") from error
        except httpx.TransportError as error:
            message = (
                f"Nothing answers at {_shown(self._root)} ({type(error).__name__}): start it with `contacts-sync up`, "
                "or give the right address with --url."
            )
            raise TransientError("api_unreachable", message) from error
        if not response.is_success:
            raise self._error(response)
        try:
            document: Document = response.json()
        except ValueError as error:
            raise self._not_the_api(response) from error
        return document

    def _error(self, response: httpx.Response) -> ContactsSyncError:
        try:
            problem = response.json()
            each = [_described(one) for one in problem.get("errors", [problem])]
            code, message, field = problem["code"], " ".join(each), problem.get("field")
        except (ValueError, KeyError, TypeError, AttributeError):
            return self._not_the_api(response)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            message = (
                "The API does not know this token: make one with `contacts-sync users token LOGIN`, and give it as "
                "CONTACTS_SYNC_API__TOKEN or with --token."
            )
            return UserError(code, message, field="token")
        if response.status_code == httpx.codes.CONFLICT or response.is_server_error:
            return TransientError(code, message)
        return UserError(code, message, field=field)

    def _not_the_api(self, response: httpx.Response) -> TransientError:
        message = f"{_shown(self._root)} answered {response.status_code}, but not as the API does: is --url right?"
        return TransientError("not_the_api", message)


def _described(problem: Document) -> str:
    """Return what is wrong, after the input that it is about."""
    field, detail = problem.get("field"), problem["detail"]
    return f"{field}: {detail}" if field else str(detail)


def _shown(url: str) -> str:
    """Return a URL without a login or password in it."""
    return url.rpartition("@")[2] if "@" in url else url


def is_loopback(url: str) -> bool:
    """Tell whether a URL leads to this machine, past any proxy that the environment names."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
