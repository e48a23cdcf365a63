"""The headers of a message by Standard Webhooks: its id, when it is sent, and what proves both and the body."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from shared.rules.webhook_secret import secret_key


def signed_headers(message_id: str, body: bytes, secrets: Sequence[str], *, now: datetime) -> dict[str, str]:
    """Return the headers for a body; signed with each secret, so that a receiver may have any of them."""
    timestamp = str(int(now.timestamp()))
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(secret_key(secret), content) for secret in secrets),
    }


def _signature(key: bytes, content: bytes) -> str:
    return f"v1,{base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()}"
