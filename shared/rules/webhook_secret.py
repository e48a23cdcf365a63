"""The secrets that webhooks are signed with, in the form of Standard Webhooks: `whsec_` and base64."""

import base64
from typing import Final

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
"""Of 24 to 64 that the specification allows."""


def secret_text(random: bytes) -> str:
    """Return a secret made of random bytes, `SECRET_BYTES` of them, as receivers are given it."""
    return PREFIX + base64.b64encode(random).decode()


def secret_key(text: str) -> bytes:
    """Return the bytes of a secret that `secret_text` made."""
    return base64.b64decode(text.removeprefix(PREFIX), validate=True)
