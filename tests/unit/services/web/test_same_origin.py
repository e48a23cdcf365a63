"""Which requests may change something."""

import pytest

from services.web.security.same_origin import require_csrf_token, require_same_origin
from shared.errors import UserError

PUBLIC = "https://contacts.example"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": PUBLIC, "host": "10.0.0.7:8080"},
        {"origin": "http://localhost:8080", "host": "localhost:8080"},
        {"origin": PUBLIC, "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
    ],
)
def test_our_own_pages_and_programs_may(headers: dict[str, str]) -> None:
    require_same_origin(headers, PUBLIC)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example", "host": "contacts.example"},
        {"origin": "https://contacts.example.evil.example", "host": "contacts.example"},
        {"origin": "https://contacts.example:444", "host": "contacts.example"},
        {"origin": "null", "host": "contacts.example"},
        {"origin": PUBLIC, "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_others_may_not(headers: dict[str, str]) -> None:
    with pytest.raises(UserError) as caught:
        require_same_origin(headers, PUBLIC)
    assert caught.value.code == "foreign_origin"


@pytest.mark.parametrize("given", [None, "", "other", "töken"])
def test_a_form_needs_the_sessions_own_token(given: str | None) -> None:
    require_csrf_token("token", "token")
    with pytest.raises(UserError):
        require_csrf_token(given, "token")
