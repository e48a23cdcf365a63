"""HTTP and HTTPS by httpx: certificates always verified, every connection's address checked, redirects included."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from httpx_secure import SSRFProtectionError, httpx_ssrf_protection

from services.fetcher.adapters.addresses import AddressRule, address_blocked
from services.fetcher.ports import Credentials, RemoteFile
from services.fetcher.settings import FetcherSettings
from shared.errors import ContactsSyncError, TransientError, UserError
from shared.rules.link import Link

_BLOCK = 256 * 1024
_TOO_MANY_REQUESTS = 429
_REQUEST_TIMEOUT = 408
_SERVER_ERRORS = 500


class HttpTransport:
    """Opens files on web servers."""

    def __init__(self, settings: FetcherSettings) -> None:
        self._settings = settings
        self._addresses = AddressRule(settings.allowed_networks)

    @asynccontextmanager
    async def open(self, link: Link, credentials: Credentials) -> AsyncIterator[RemoteFile]:
        """Open a file; its blocks raise TransientError when the server stalls or the body ends early."""
        try:
            await self._addresses.resolve(link.host, link.port)
            async with (
                self._client(credentials) as client,
                client.stream("GET", link.url, headers={"accept-encoding": "identity"}) as response,
            ):
                _check_status(response, link)
                length = response.headers.get("content-length", "")
                yield RemoteFile(blocks=response.aiter_raw(_BLOCK), size=int(length) if length.isdigit() else None)
        except ContactsSyncError:
            raise
        except SSRFProtectionError as error:
            raise address_blocked(link.host) from error
        except httpx.TimeoutException as error:
            raise TransientError("server_stalled", f"{link.host} did not answer in time.") from error
        except httpx.TooManyRedirects as error:
            raise UserError("too_many_redirects", f"{link.host} redirects in a circle. Check the link.") from error
        except httpx.ConnectError as error:
            raise _explained(error, link) from error
        except (httpx.TransportError, OSError) as error:
            raise TransientError("connection_lost", f"The connection to {link.host} failed or was cut.") from error

    def _client(self, credentials: Credentials) -> httpx.AsyncClient:
        context = ssl.create_default_context()
        if credentials.ca_certificate:
            try:
                context = ssl.create_default_context(cadata=credentials.ca_certificate)
            except (ssl.SSLError, ValueError) as error:
                raise UserError("ca_certificate_invalid", "The CA certificate is not valid PEM.") from error
        settings = self._settings
        client = httpx.AsyncClient(
            verify=context,
            trust_env=False,
            follow_redirects=True,
            max_redirects=5,
            auth=httpx.BasicAuth(credentials.login, credentials.password or "") if credentials.login else None,
            timeout=httpx.Timeout(settings.idle_seconds, connect=settings.connect_seconds),
            headers={"user-agent": "contacts-sync"},
        )
        return httpx_ssrf_protection(
            client,
            check_globally_reachable=False,
            custom_validator=lambda _host, address, _port: self._addresses.allows(address),
        )


def _check_status(response: httpx.Response, link: Link) -> None:
    status = response.status_code
    if response.is_success:
        return
    if status in {401, 407}:
        raise UserError("login_refused", f"{link.host} refused the login ({status}). Check login and password.")
    if status == httpx.codes.FORBIDDEN:
        raise UserError("file_forbidden", f"{link.host} does not let this login read the file (403).")
    if status in {404, 410}:
        raise UserError("file_not_found", f"{link.host} has no such file ({status}). Check the link.")
    if status >= _SERVER_ERRORS or status in {_TOO_MANY_REQUESTS, _REQUEST_TIMEOUT}:
        raise TransientError("server_error", f"{link.host} answered that it cannot serve the file now ({status}).")
    raise UserError("server_refused", f"{link.host} answered {status} instead of the file.")


def _explained(error: httpx.ConnectError, link: Link) -> UserError | TransientError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return UserError(
                "certificate_refused",
                f"The certificate of {link.host} is not trusted: {cause.verify_message}. Enter the CA certificate "
                "that signed it, or have the server's certificate mended.",
            )
        if isinstance(cause, ssl.SSLError):
            return UserError("tls_failed", f"{link.host} does not speak TLS as it should on port {link.port}.")
        cause = cause.__cause__ or cause.__context__
    return TransientError("connection_refused", f"Nothing answers on {link.host}, port {link.port}.")
