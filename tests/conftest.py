"""Fixtures of all suites: which broker a test runs on, and the file servers it fetches from."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
import pytest_asyncio

from tests.support.kafka_server import KafkaServer, java_and_maven_missing
from tests.support.server_matrix import ServerMatrix
from tests.support.sftp_server import OpenSshServer, SftpServer
from tests.support.stack import Stack
from tests.support.system_packages import SSHD

pytest_plugins = ["tests.support.skips_in_ci"]

_HERE = Path(__file__).parent
LONGEST_FIRST = ("model", "faults", "fuzz", "e2e", "embedded_stack", "integration")
BROKERS = ("embedded", "kafka")

# How long an example takes says more of what else the machine does than of the code.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch between a seeded tenth and all that is asked for."""
    parser.addoption("--long", action="store_true", help="run every round, scenario and example that is asked for")
    parser.addoption("--write-servers", action="store_true", help="write the table of servers in the docs anew")
    parser.addoption("--write-screenshots", action="store_true", help="make the pictures in the docs anew")
    parser.addoption("--seed", type=int, default=20261123, help="what random choices in tests start from")


def pytest_report_header() -> list[str]:
    """Say which brokers and database the tests use."""
    missing = java_and_maven_missing()
    kafka = f"not used: {missing}" if missing else "Apache Kafka 4.1.1 (Java)"
    return ["brokers: embedded (Tansu); " + kafka, "database: embedded Postgres 18"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together, for runs on several processes, what shares servers; and begin with what takes longest."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_shared_servers(item)))
    items.sort(key=_place)


def _shared_servers(item: pytest.Item) -> str:
    """Name what a test shares with others: the embedded stack, the table of servers, or its module's on one broker."""
    fixtures = getattr(item, "fixturenames", ())
    for shared in ("embedded_stack", "server_matrix"):
        if shared in fixtures:
            return shared
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return f"{item.path.relative_to(_HERE)} {parameters.get('broker_name', '')}".strip()


def _place(item: pytest.Item) -> int:
    """Return an item's place: the embedded stack, which stays until the end, after those with stacks of their own."""
    suite = item.path.relative_to(_HERE).parts[0]
    name = "embedded_stack" if _shared_servers(item) == "embedded_stack" else suite
    return LONGEST_FIRST.index(name) if name in LONGEST_FIRST else len(LONGEST_FIRST)


@pytest.fixture(scope="session")
def is_long(request: pytest.FixtureRequest) -> bool:
    """Tell whether all is to be run, or a tenth."""
    return bool(request.config.getoption("--long"))


@pytest.fixture(scope="session")
def server_matrix(request: pytest.FixtureRequest) -> Iterator[ServerMatrix]:
    """Collect which servers were spoken to; at the end, all of them have to stand in the docs."""
    matrix = ServerMatrix()
    yield matrix
    if request.config.getoption("--write-servers"):
        matrix.write()
    assert not matrix.missing(), "the table in docs/servers.md is out of date: make servers"


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    """What random choices start from."""
    return int(request.config.getoption("--seed"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what names a broker on both, unless the module deals brokers out itself."""
    deals_itself = "pytest_generate_tests" in vars(metafunc.module)
    if "broker_name" in metafunc.fixturenames and not deals_itself:
        metafunc.parametrize("broker_name", BROKERS, indirect=True, scope="module")


@pytest.fixture(scope="module")
def broker_name(request: pytest.FixtureRequest) -> str:
    """Which broker a module's tests run on: see `pytest_generate_tests`."""
    name: str = request.param
    if name == "kafka" and (missing := java_and_maven_missing()):
        pytest.skip(missing)
    return name


@pytest.fixture(scope="module")
async def kafka(broker_name: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[KafkaServer | None]:
    """A running Apache Kafka, or None where the embedded broker is meant."""
    if broker_name == "embedded":
        yield None
        return
    async with KafkaServer(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture(scope="module")
async def stack(kafka: KafkaServer | None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """The whole system, running."""
    servers = kafka.bootstrap_servers if kafka else None
    async with Stack(tmp_path_factory.mktemp("stack") / "data", bootstrap_servers=servers) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def embedded_stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """The whole system on the embedded broker, one for all tests that leave nothing behind in it."""
    async with Stack(tmp_path_factory.mktemp("embedded") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def needs_sshd() -> None:
    """Skip where there is no OpenSSH server."""
    if missing := SSHD.reason_missing():
        pytest.skip(missing)


@pytest.fixture(scope="module")
async def sftp(needs_sshd: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SftpServer]:
    """A real OpenSSH server."""
    async with OpenSshServer(tmp_path_factory.mktemp("sshd")) as server:
        yield server
