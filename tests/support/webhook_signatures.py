"""Whether a message is signed as Standard Webhooks says, told by a library that is not ours."""

from datetime import UTC, datetime
from typing import Any

from standardwebhooks.webhooks import Webhook

from tests.support.webhook_receiver import Received


def verified(received: Received, secret: str) -> Any:
    """Return what a message says, as a receiver does; an error where its signature or its time is not right."""
    return Webhook(secret).verify(received.body, received.headers)


def is_signed_with(received: Received, secret: str) -> bool:
    """Tell whether a message is signed with a secret, whenever that was."""
    moment = datetime.fromtimestamp(int(received.headers["webhook-timestamp"]), UTC)
    signature = Webhook(secret).sign(received.id, moment, received.body.decode())
    return signature in received.headers["webhook-signature"].split(" ")
