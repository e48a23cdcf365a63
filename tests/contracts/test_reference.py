"""The generated documents are those of the code, and the command notices when they are not."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.reference.command import app
from services.cli.reference.documents import SCHEMAS, generate, write

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def documents() -> dict[Path, str]:
    return generate()


@pytest.fixture
def repository(tmp_path: Path, documents: dict[Path, str]) -> Path:
    """A folder with nothing but the generated documents, all up to date."""
    (tmp_path / "pyproject.toml").touch()
    write(tmp_path, documents)
    return tmp_path


def test_committed_documents_are_those_of_the_code(documents: dict[Path, str]) -> None:
    differing = [str(path) for path, text in documents.items() if (REPOSITORY / path).read_text() != text]
    assert differing == [], "run `make docs`"


def test_check_passes_where_nothing_differs(repository: Path) -> None:
    assert CliRunner().invoke(app, ["--check", "--folder", str(repository)]).exit_code == 0


def test_check_names_a_document_that_differs(repository: Path) -> None:
    page = repository / "docs/reference/topics.md"
    page.write_text(page.read_text() + "by hand\n")
    checked = CliRunner().invoke(app, ["--check", "--folder", str(repository)])
    assert (checked.exit_code, "topics.md differs" in checked.output) == (1, True)


def test_check_names_a_document_that_is_missing(repository: Path) -> None:
    (repository / "docs/reference/settings.md").unlink()
    checked = CliRunner().invoke(app, ["--check", "--folder", str(repository)])
    assert (checked.exit_code, "settings.md is missing" in checked.output) == (1, True)


def test_an_event_that_went_is_refused_until_it_is_said_to_be_meant(repository: Path) -> None:
    stale = repository / SCHEMAS / "contacts-sync.gone.v1.json"
    stale.write_text('{"type": "object"}')
    refused = CliRunner().invoke(app, ["--folder", str(repository)])
    assert (refused.exit_code, "contacts-sync.gone.v1: the event is gone" in refused.output) == (1, True)
    assert stale.exists()
    assert CliRunner().invoke(app, ["--breaking", "--folder", str(repository)]).exit_code == 0
    assert not stale.exists()


def test_a_folder_that_is_no_repository_is_a_usage_error(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["--folder", str(tmp_path)]).exit_code == 2
    assert list(tmp_path.iterdir()) == []
