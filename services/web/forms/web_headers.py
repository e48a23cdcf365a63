"""An import's own headers for a web server: which there may be, and how they are typed."""

import re
from collections.abc import Mapping
from typing import Final

from services.web.forms.input_errors import ErrorList
from shared.rules.trimming import trim

MOST_HEADERS: Final = 20
_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]{0,3998}[\x21-\x7e])?")
_OURS: Final = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "keep-alive",
        "proxy-authorization",
        "range",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that fetching itself depends on."""


def check_headers(headers: Mapping[str, str], errors: ErrorList) -> None:
    """Add `headers_invalid` for names and values that cannot be sent, or that are not the import's to set."""
    field = "source.headers"
    if len(headers) > MOST_HEADERS:
        errors.add("headers_invalid", f"Give at most {MOST_HEADERS} headers.", field)
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            errors.add("headers_invalid", "A header's name has letters, digits and hyphens only.", field)
        elif name.lower() in _OURS:
            errors.add("headers_invalid", f"The header {name} is set by the fetching itself; leave it out.", field)
        elif not _VALUE.fullmatch(value):
            errors.add("headers_invalid", f"The header {name} needs a value, in plain ASCII characters.", field)


def typed_headers(text: str) -> dict[str, str]:
    """Return headers typed one to a line as `Name: value`; a line without a colon is a name without a value."""
    lines = (line.partition(":") for line in text.splitlines() if trim(line))
    return {trim(name): trim(value) for name, _, value in lines}
