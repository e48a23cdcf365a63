"""Requests that change something have to come from our own pages."""

import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

from shared.errors import UserError


def require_same_origin(headers: Mapping[str, str], public_url: str) -> None:
    """Refuse a request that another site's page made; UserError `foreign_origin`.

    Browsers say which page a POST comes from; programs that say nothing still need the CSRF token.
    """
    site = headers.get("sec-fetch-site")
    origin = headers.get("origin")
    foreign = site in {"cross-site", "same-site"}
    if origin is not None:
        hosts = {headers.get("host"), urlsplit(public_url).netloc}
        foreign = foreign or urlsplit(origin).netloc not in hosts
    if foreign:
        raise UserError("foreign_origin", "This request came from another site's page; open the form here again.")


def require_csrf_token(given: str | None, expected: str) -> None:
    """Refuse a form without the session's own token; UserError `csrf_token_invalid`."""
    if not secrets.compare_digest((given or "").encode(), expected.encode()):
        raise UserError("csrf_token_invalid", "This form is out of date; open the page again and repeat.")
