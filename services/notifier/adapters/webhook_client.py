"""Hands messages to receivers by HTTP: to addresses that may be reached, with no redirect followed, in limited time."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import httpx

from services.notifier.domain.webhook_retries import Answer, retry_after_of
from shared.clock import Clock
from shared.errors import ContactsSyncError
from shared.network.addresses import AddressRule
from shared.network.checked_http import build_client
from shared.network.trust import Trust, tls_error_in

_FAILURES: Final = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, UnicodeError)
_MOST_READ: Final = 64 * 1024
"""Of an answer, so that its connection can be used again; longer ones are cut off."""
_MOST_KEPT: Final = 200


class WebhookClient:
    """Posts messages; `seconds` is for a try in all."""

    def __init__(self, addresses: AddressRule, clock: Clock, *, seconds: float) -> None:
        self._addresses = addresses
        self._clock = clock
        self._seconds = seconds
        self._trust = Trust()

    @asynccontextmanager
    async def connections(self) -> AsyncIterator[httpx.AsyncClient]:
        """Give what keeps connections open between messages."""
        async with build_client(self._trust.context(None), self._addresses, httpx.Timeout(self._seconds)) as client:
            yield client

    async def post(self, client: httpx.AsyncClient, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Return what was answered, or why nothing was; never raises for what a receiver does."""
        answer: httpx.Response | None = None
        read = bytearray()
        given = {"content-type": "application/json", **headers}
        try:
            async with (
                asyncio.timeout(self._seconds),
                client.stream("POST", url, content=body, headers=given) as answer,
            ):
                await _read_beginning(answer, read)
        except ContactsSyncError as error:
            return Answer(text=error.message)
        except (*_FAILURES, TimeoutError) as error:
            # What fails after the status changes nothing about it.
            if answer is None:
                return Answer(text=_explained(error, self._seconds))
        retry_after = retry_after_of(answer.headers.get("retry-after"), self._clock.now())
        return Answer(answer.status_code, _one_line(bytes(read)), retry_after)


async def _read_beginning(answer: httpx.Response, read: bytearray) -> None:
    async for block in answer.aiter_raw():
        read += block
        if len(read) > _MOST_READ:
            return


def _one_line(read: bytes) -> str:
    text = read[: 4 * _MOST_KEPT].decode(errors="replace")
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:_MOST_KEPT]


def _explained(error: Exception, seconds: float) -> str:
    match tls_error_in(error):
        case ssl.SSLCertVerificationError() as refused:
            return f"Its certificate is not trusted: {refused.verify_message}."
        case ssl.SSLError():
            return "It does not speak TLS as it should."
    match error:
        case httpx.TimeoutException() | TimeoutError():
            return f"It did not answer within {seconds:g} s."
        case httpx.ConnectError() | httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return "Nothing answers there."
        case _:
            return "The connection failed or was cut before it answered."
