import io
from typing import Any

import pytest
from rich.console import Console

from services.cli.run_report import described, print_changes, print_way_on
from services.cli.runs import run_id_of
from shared.errors import UserError

RUN = "01a21025-8918-7289-a7d8-3af80ff87b54"


def change(kind: str, before: dict[str, str] | None, after: dict[str, str] | None, *passwords: str) -> dict[str, Any]:
    return {
        "change": kind,
        "unique_id": "[7]",
        "line": 1234,
        "before": before,
        "after": after,
        "passwords_changed": list(passwords),
    }


def printed(changes: list[dict[str, Any]]) -> str:
    console = Console(file=io.StringIO(), width=100)
    print_changes(changes, 2000, console=console)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


def test_a_change_is_told_in_one_line() -> None:
    assert described(change("updated", {"Town": "Oslo", "Fax": "1"}, {"Town": "Bergen", "Fax": "1"}, "Portal")) == (
        "Town: Oslo → Bergen, Portal: the password changes"
    )
    assert described(change("updated", {}, {"Town": "Bergen"})) == "Town: (empty) → Bergen"
    assert described(change("deleted", {"Town": "Oslo", "Fax": ""}, None)) == "Town: Oslo"
    assert len(described(change("added", None, {"Town": "x" * 5000}))) < 400


def test_changes_are_listed_as_they_are() -> None:
    text = printed([change("added", None, {"Town": "[red]Oslo[/]"})])
    for part in ("The first 1 of 2,000 changes", "[7]", "1,234", "[red]Oslo[/]"):
        assert part in text


@pytest.mark.parametrize("status", ["planned", "refused", "succeeded", "failed"])
@pytest.mark.parametrize("deleted", [0, 3])
def test_only_a_plan_that_waits_and_changes_something_is_to_be_approved(status: str, deleted: int) -> None:
    console = Console(file=io.StringIO(), width=100)
    counts = {"added": 0, "updated": 0, "deleted": deleted}
    print_way_on({"id": RUN, "status": status, "counts": counts, "undoes": None}, console=console)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    assert RUN in text
    assert ("runs approve" in text) == (status in {"planned", "refused"} and deleted > 0)


@pytest.mark.parametrize(
    "given", [RUN, RUN.upper(), f"http://127.0.0.1:8080/runs/{RUN}", f"https://host/runs/{RUN}?kind=all", f"x/{RUN}/"]
)
def test_a_run_is_named_by_id_or_by_the_address_of_its_page(given: str) -> None:
    assert run_id_of(given) == RUN


@pytest.mark.parametrize("given", ["", "latest", "../managers", f"{RUN}/undo"])
def test_what_names_no_run_is_refused(given: str) -> None:
    with pytest.raises(UserError) as wrong:
        run_id_of(given)
    assert wrong.value.code == "run_id_invalid"
