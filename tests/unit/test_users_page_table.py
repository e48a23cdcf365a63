"""The table of the user's page names tests that there are, and each test that there is for it."""

import ast
import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "tests/e2e/users_page"
PAGE = REPOSITORY / "docs/users-page.md"
SENTENCES = 61
"""What the user's page has, with each point of its lists as one or more."""


def lines(page: str) -> list[tuple[str, list[str]]]:
    """Return each sentence of the table with its tests."""
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    return [(sentence, re.findall(r"`(test_\w+\.py::test_\w+)`", tests)) for sentence, tests in rows[2:]]


def names_in(folder: Path) -> set[str]:
    """Return all tests of a folder as `file::name`."""
    return {
        f"{file.name}::{node.name}"
        for file in folder.glob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def test_each_sentence_has_tests_and_each_test_a_sentence() -> None:
    table = lines(PAGE.read_text(encoding="utf-8"))
    assert len({sentence for sentence, _ in table}) == len(table) == SENTENCES
    assert [sentence for sentence, tests in table if not tests] == []
    assert {test for _, tests in table for test in tests} == names_in(FOLDER)


def test_each_test_is_done_with_both_hands() -> None:
    taken = {"hands", "manager", "portal"}
    without = [
        node.name
        for file in FOLDER.glob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test_")
        if not taken & {argument.arg for argument in node.args.args}
    ]
    assert without == []


def test_a_line_without_tests_is_found() -> None:
    table = "| a | b |\n| --- | --- |\n| Do it. | `test_a.py::test_it`, `test_b.py::test_it` |\n| Do more. | later |\n"
    assert lines(table) == [("Do it.", ["test_a.py::test_it", "test_b.py::test_it"]), ("Do more.", [])]
