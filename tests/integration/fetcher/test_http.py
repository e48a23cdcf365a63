"""HTTP and HTTPS against nginx: TLS versions, logins, addresses, validators, and certificates that are refused."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from services.fetcher.adapters.http_transport import HttpTransport
from services.fetcher.ports import Credentials, OpenFile
from services.fetcher.remote_fetch import no_steps
from shared.errors import UserError
from shared.rules.link import parse_link
from tests.integration.fetcher.reading import SETTINGS, read_all
from tests.support.http_server import HttpServer
from tests.support.ports import LOOPBACK
from tests.support.server_matrix import ServerMatrix
from tests.support.system_packages import NGINX

CONTENT = random.Random(8).randbytes(2_000_001)
FOLDERS = {"none": "", "basic": "private/", "bearer token": "bearer/", "header of its own": "keyed/"}
KINDS = [(None, LOOPBACK), ("1.2", LOOPBACK), ("1.3", LOOPBACK), (None, "::1"), ("1.3", "::1")]


@pytest.fixture(autouse=True)
def needs_nginx() -> None:
    """Skip where there is no nginx."""
    if missing := NGINX.reason_missing():
        pytest.skip(missing)


@pytest.fixture(params=KINDS, ids=lambda kind: f"{kind[0]}-{kind[1]}")
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[HttpServer, str | None]]:
    version, host = request.param
    async with HttpServer(tmp_path / "nginx", tls_version=version, host=host) as running:
        for folder in FOLDERS.values():
            (running.folder / folder / "people.csv").write_bytes(CONTENT)
        yield running, version


def credentials_for(login: str, server: HttpServer) -> Credentials:
    match login:
        case "basic":
            return Credentials(login=server.login, password=server.password, ca_certificate=server.ca_pem)
        case "bearer token":
            return Credentials(bearer_token=server.bearer_token, ca_certificate=server.ca_pem)
        case "header of its own":
            return Credentials(headers={"X-API-Key": server.api_key}, ca_certificate=server.ca_pem)
        case _:
            return Credentials(ca_certificate=server.ca_pem)


@pytest.mark.parametrize("login", FOLDERS)
async def test_a_file_is_fetched_looked_at_resumed_and_known_again(
    server: tuple[HttpServer, str | None], login: str, server_matrix: ServerMatrix
) -> None:
    nginx, version = server
    path = FOLDERS[login] + "people.csv"
    link = parse_link(nginx.https_url(path) if version else nginx.http_url(path))
    async with HttpTransport(SETTINGS).connect(link, credentials_for(login, nginx), no_steps) as remote:
        async with remote.open(link) as opened:
            assert isinstance(opened, OpenFile)
            state = opened.state
            assert await read_all(opened) == CONTENT
        assert state.size == len(CONTENT)
        assert state.same_file(await remote.state(link) or state)
        async with remote.open(link, offset=1_500_000, expected=state) as opened:
            assert isinstance(opened, OpenFile)
            assert await read_all(opened) == CONTENT[1_500_000:]
        async with remote.open(link, known=state) as opened:
            assert opened is None
    assert set(nginx.tls_versions()) == ({f"TLSv{version}"} if version else {"-"})
    if login != "none":
        async with HttpTransport(SETTINGS).connect(link, credentials_for("none", nginx), no_steps) as remote:
            with pytest.raises(UserError) as refused:
                async with remote.open(link):
                    pass
        assert refused.value.code in {"login_refused", "file_forbidden"}
    scheme = "https" if version else "http"
    server_matrix.works(server="nginx", protocol=scheme, tls=version, host=nginx.host, login=login)


async def refusal(nginx: HttpServer, ca_certificate: str | None) -> UserError:
    link = parse_link(nginx.https_url("people.csv"))
    with pytest.raises(UserError) as refused:
        async with (
            HttpTransport(SETTINGS).connect(link, Credentials(ca_certificate=ca_certificate), no_steps) as remote,
            remote.open(link),
        ):
            pass
    return refused.value


@pytest.mark.parametrize(
    ("names", "not_after", "reason"),
    [
        ((LOOPBACK,), datetime(2024, 1, 1, tzinfo=UTC), "expired"),
        (("other.example",), None, "IP address mismatch"),
    ],
)
async def test_certificates_that_do_not_hold_are_refused(
    tmp_path: Path, names: tuple[str, ...], not_after: datetime | None, reason: str
) -> None:
    nginx = HttpServer(tmp_path / "nginx")
    nginx.renew_certificate(*names, not_after=not_after)
    async with nginx:
        refused = await refusal(nginx, nginx.ca_pem)
    assert refused.code == "certificate_refused"
    assert reason in refused.message
    assert not nginx.requests()


async def test_authorities_that_did_not_sign_are_refused(tmp_path: Path) -> None:
    async with HttpServer(tmp_path / "nginx") as nginx:
        stranger = trustme.CA().cert_pem.bytes().decode()
        assert (await refusal(nginx, stranger)).code == "certificate_refused"
        assert (await refusal(nginx, None)).code == "certificate_refused"
        assert (await refusal(nginx, "no PEM")).code == "ca_certificate_invalid"
