"""The services by name."""

import base64
from pathlib import Path

import httpx
import pytest

from services.cli.catalogue import NAMES, WEB, Service, by_path, find_service
from services.cli.embedded.supervisor import STOP_ORDER
from shared.errors import UserError
from shared.health import health_routes
from shared.settings import ServiceSettings


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = base64.b64encode(bytes(32)).decode()
    monkeypatch.setenv("CONTACTS_SYNC_SECRETS__KEYS", f'["{key}"]')
    monkeypatch.setenv("CONTACTS_SYNC_OBJECTS__URL", tmp_path.as_uri())
    monkeypatch.setenv("CONTACTS_SYNC_HEALTH__PORT", "8123")
    monkeypatch.setenv("CONTACTS_SYNC_WEB__PORT", "8124")


def test_it_has_the_services_that_the_supervisor_starts() -> None:
    assert sorted(NAMES) == sorted(STOP_ORDER)


@pytest.mark.parametrize("name", NAMES)
async def test_every_service_can_be_built_and_listens_on_its_ports(name: str) -> None:
    service = find_service(name)
    settings = service.load_settings()
    assert isinstance(settings, ServiceSettings)
    ports = [part.port for part in service.build(settings)]
    assert ports == ([8124, 8123] if name == WEB else [8123])


def test_an_unknown_one_is_refused_with_the_list() -> None:
    with pytest.raises(UserError, match="scheduler, fetcher") as refused:
        find_service("sleeper")
    assert refused.value.code == "unknown_service"


def test_pages_that_watch_do_not_hold_up_the_stop() -> None:
    assert Service(WEB).grace_seconds < Service("parser").grace_seconds


async def test_health_is_found_by_its_exact_path() -> None:
    transport = httpx.ASGITransport(by_path(dict(health_routes({}, lambda: None))))
    async with httpx.AsyncClient(transport=transport, base_url="http://internal") as client:
        assert (await client.get("/livez")).json()["status"] == "alive"
        assert (await client.get("/readyz")).status_code == 200
        assert (await client.get("/livez/")).status_code == 404
