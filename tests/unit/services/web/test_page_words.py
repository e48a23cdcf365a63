"""What pages are made of stands in one place each: styles that are there, words of states, codes that are told of."""

import re
from pathlib import Path

from services.web.pages import render
from services.web.pages.wording import AUDIT_WORDS

REPOSITORY = Path(__file__).resolve().parents[4]
PAGES = REPOSITORY / "services" / "web" / "pages"
STYLED = re.compile(r"\.([a-z][a-z-]*)")


def test_every_class_of_a_page_has_a_style() -> None:
    styles = set(STYLED.findall((PAGES / "static" / "style.css").read_text()))
    used = {
        name
        for template in (PAGES / "templates").glob("*.html")
        for names in re.findall(r'class="([^"{]*)"', template.read_text())
        for name in names.split()
    }
    asked_for_by_scripts = {"new-fields"}
    assert len(used) > 50
    assert used - styles - asked_for_by_scripts == set()


def test_scripts_repeat_no_words_of_states() -> None:
    scripts = "".join(script.read_text() for script in (PAGES / "static").glob("*.js"))
    words = render._templates.env.globals["states"]  # noqa: SLF001 - as templates have them
    assert isinstance(words, dict)
    assert [each for each in words.values() if each in scripts] == []


def test_every_code_of_the_audit_log_is_told_of() -> None:
    told = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", (REPOSITORY / "docs" / "accounts.md").read_text()))
    assert AUDIT_WORDS.keys() - told == set()
