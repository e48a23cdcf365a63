"""One distribution with one lock: what is pinned, what is built, and whose the package names are."""

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import entry_points, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import services
import shared

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
DISTRIBUTION = "contacts-sync"
WANTED = {
    "requirements.txt": PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["build"],
    "requirements-dev.txt": PROJECT["dependency-groups"]["dev"],
}


def pins(name: str) -> dict[str, list[str]]:
    """The lock file's entries: `name==version; marker`, each with its hashes."""
    text = (REPOSITORY / name).read_text().replace("\\\n", " ")
    entries = [line.split("--hash=") for line in text.splitlines() if line and not line.startswith("#")]
    return {entry.strip(): [each.strip() for each in hashes] for entry, *hashes in entries}


def pinned_versions(name: str) -> dict[str, Version]:
    parsed = [Requirement(entry) for entry in pins(name)]
    return {canonicalize_name(each.name): Version(str(each.specifier).removeprefix("==")) for each in parsed}


@pytest.mark.parametrize("lock", WANTED)
def test_lock_has_what_the_project_wants(lock: str) -> None:
    versions = pinned_versions(lock)
    wanted = [Requirement(line) for line in WANTED[lock]]
    stale = [
        str(each)
        for each in wanted
        if canonicalize_name(each.name) not in versions
        or not each.specifier.contains(versions[canonicalize_name(each.name)])
    ]
    assert stale == [], "run `make lock`"


@pytest.mark.parametrize("lock", WANTED)
def test_every_pin_has_hashes_and_names_no_place(lock: str) -> None:
    assert all(hashes for hashes in pins(lock).values())
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for hashes in pins(lock).values() for each in hashes)
    assert re.findall(r"://|--(?:extra-)?index|--find-links", (REPOSITORY / lock).read_text()) == []


def test_development_has_all_that_runs() -> None:
    assert pins("requirements.txt").items() <= pins("requirements-dev.txt").items()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in the built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=REPOSITORY,
        capture_output=True,
        timeout=120,
        check=True,
    )
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_wheel_has_every_file_of_the_packages(wheel: set[str]) -> None:
    files = {
        str(path.relative_to(REPOSITORY))
        for package in ("services", "shared")
        for path in (REPOSITORY / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert any(name.endswith(".sql") for name in files)
    assert files - wheel == set()


def test_wheel_has_nothing_else(wheel: set[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    assert {top for top in tops if not top.startswith("contacts_sync-")} == {"services", "shared"}


@pytest.mark.parametrize("package", [services, shared])
def test_package_name_is_ours_alone(package: object) -> None:
    name, path = package.__name__, package.__path__  # type: ignore[attr-defined] # a module
    assert list(path) == [str(REPOSITORY / name)]
    assert set(packages_distributions().get(name, [])) <= {DISTRIBUTION}


def test_command_can_be_loaded() -> None:
    (command,) = entry_points(group="console_scripts", name=DISTRIBUTION)
    assert command.dist is not None
    assert command.dist.name == DISTRIBUTION
    assert callable(command.load())


def test_every_service_has_its_container() -> None:
    compose = (REPOSITORY / "docker-compose.yml").read_text()
    started = set(re.findall(r"command: \[run, (\w+)\]", compose))
    folders = {path.parent.name for path in (REPOSITORY / "services").glob("*/app.py")}
    assert started == folders
    assert "container_name" not in compose
