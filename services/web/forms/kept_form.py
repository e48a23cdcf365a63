"""A form that is kept while its set-up is not finished: as JSON, and never with a secret."""

import re
from collections.abc import Collection
from typing import Any, Final

from services.web.forms.credentials import SECRETS
from services.web.forms.import_form import ImportForm, Line

_NOT_KEPT: Final = frozenset(
    {"csrf", "action", "draft", "shown_run", "file", "column", "field", "case", "constant", *SECRETS}
)
_SCHEME: Final = re.compile(r"\s*(?:[a-z]+:/+)?", re.IGNORECASE)


def form_to_json(form: ImportForm, *, had_secrets: bool, password_fields: Collection[str] = ()) -> dict[str, Any]:
    """Return what is kept; `had_secrets`: some were typed, which have to be typed again.

    Nor is a password in a link, or a constant for a password: both are refused when the set-up is judged.
    """
    values = {name: _keepable(value) for name, value in form.values.items() if name not in _NOT_KEPT}
    if "link" in values:
        values["link"] = _without_login(values["link"])
    lines = [line._replace(constant="") if line.field in password_fields else line for line in form.lines]
    return {
        "values": values,
        "lines": [[_keepable(part) for part in line] for line in lines],
        "had_secrets": had_secrets,
    }


def form_from_json(kept: dict[str, Any]) -> tuple[ImportForm, bool]:
    """Return the form, and whether secrets were typed into it."""
    return ImportForm(dict(kept["values"]), [Line(*line) for line in kept["lines"]]), bool(kept["had_secrets"])


def _without_login(link: str) -> str:
    """Leave out what may be a login and its password, which may hold slashes itself: rather too much than a secret."""
    scheme = _SCHEME.match(link)
    start = scheme.end() if scheme else 0
    rest = link[start:]
    authority = rest if ":" in rest.rpartition("@")[0] else rest.partition("/")[0]
    return link[:start] + rest[authority.rfind("@") + 1 :]


def _keepable(text: str) -> str:
    return text.replace("\0", "")
