"""Names and addresses of hosts, in the one form in which they are compared and connected to."""

import re
from ipaddress import AddressValueError, IPv6Address
from typing import Final

import idna

_MAX_NAME: Final = 253
# Underscores are not allowed in names of hosts, but are common inside of networks.
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")


def canonical_host(text: str) -> str | None:
    """Return a host as lower-case ASCII, an IPv6 address without its brackets; None where it is no host."""
    if text.startswith("["):
        return _address(text[1:-1]) if text.endswith("]") else None
    if text.isascii():
        name = text.lower()
    else:
        try:
            name = idna.encode(text, uts46=True).decode("ascii")
        except idna.IDNAError:
            return None
    labels = name.removesuffix(".").split(".")
    if len(name) > _MAX_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    return name


def _address(text: str) -> str | None:
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return None
    return None if address.scope_id else str(address)
