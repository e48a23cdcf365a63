"""A webhook's turn: its messages sent one after another, over one connection, and each outcome noted."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import httpx
import structlog
from prometheus_client import Counter

from services.notifier.adapters.webhook_client import WebhookClient
from services.notifier.adapters.webhook_messages import Message, next_message
from services.notifier.adapters.webhook_outcomes import Failure, note_failed, note_taken
from services.notifier.adapters.webhook_turns import Destination, keep, let_go, rest
from services.notifier.domain.webhook_retries import Answer, next_wait
from services.notifier.domain.webhook_signature import signed_headers
from shared.clock import Clock
from shared.errors import ContactsSyncError
from shared.postgres.database import DATABASE_FAILED, Database
from shared.sealing import Sealer
from shared.store.webhook_deliveries import TEST, message_id

MESSAGES = Counter(
    "contacts_sync_webhook_messages",
    "Tries at messages of webhooks by what became of them: delivered, deferred (tried again), failed",
    ["type", "outcome"],
)
_MESSAGES: Final = 100
"""After which other webhooks have their turn."""
_AFTER_OUR_FAULT: Final = timedelta(minutes=5)
_AFTER_THE_DATABASES: Final = timedelta(seconds=2)
_LONGEST_SILENCE: Final = timedelta(minutes=1)
"""At most so long nothing else is sent to a receiver that did not answer."""
_GONE: Final = "The receiver answered that it is gone (410)."
_GIVEN_UP: Final = "A message was tried for three days, and not taken. The newest reason: "
_log = structlog.get_logger("contacts_sync.notifier.webhooks")


@dataclass(frozen=True)
class Chances:
    """What is not to be foreseen: new ids, and numbers from 0 to 1."""

    new_id: Callable[[], UUID]
    random: Callable[[], float]


class WebhookTurn:
    """Sends for webhooks that were claimed; `lease` is how long one stays ours without a word, longer than a try."""

    def __init__(
        self,
        database: Database,
        client: WebhookClient,
        sealer: Sealer,
        clock: Clock,
        chances: Chances,
        *,
        lease: timedelta,
    ) -> None:
        self._database = database
        self._client = client
        self._sealer = sealer
        self._clock = clock
        self._chances = chances
        self.lease = lease

    async def take(self, webhook_id: UUID, turn: UUID) -> None:
        """Send what is due, up to the first try that a receiver does not answer."""
        try:
            async with self._client.connections() as connections:
                for _ in range(_MESSAGES):
                    if not await self._send_next(connections, webhook_id, turn):
                        break
        except DATABASE_FAILED as error:
            _log.warning("webhook waits", webhook_id=str(webhook_id), error=type(error).__name__)
            await self._rest(webhook_id, _AFTER_THE_DATABASES)
        except ContactsSyncError as error:
            # A key that is missing among the settings, for example: nothing that the receiver could mend.
            _log.error("webhook can't be sent for", webhook_id=str(webhook_id), code=error.code)
            await self._rest(webhook_id, _AFTER_OUR_FAULT)
        except Exception:  # noqa: BLE001 - it would be begun again at once, and fail again
            _log.exception("webhook failed unforeseen", webhook_id=str(webhook_id))
            await self._rest(webhook_id, _AFTER_OUR_FAULT)
        finally:
            with contextlib.suppress(*DATABASE_FAILED, ContactsSyncError):
                await let_go(self._database.pool, webhook_id, turn, now=self._clock.now())

    async def _rest(self, webhook_id: UUID, wait: timedelta) -> None:
        with contextlib.suppress(*DATABASE_FAILED, ContactsSyncError):
            await rest(self._database.pool, webhook_id, self._clock.now() + wait)

    async def _send_next(self, connections: httpx.AsyncClient, webhook_id: UUID, turn: UUID) -> bool:
        """Send the next message; tells whether another may follow."""
        now = self._clock.now()
        async with self._database.pool.acquire() as connection, connection.transaction():
            until = now + self.lease
            destination = await keep(connection, self._sealer, webhook_id, turn, now=now, until=until)
            if destination is None:
                return False
            message = await next_message(connection, webhook_id, now=now, new_id=self._chances.new_id)
        if message is None:
            return False
        answer = await self._post(connections, destination, message)
        async with self._database.pool.acquire() as connection, connection.transaction():
            now = self._clock.now()
            if answer.meaning == "taken":
                await note_taken(connection, message.id, answer, now=now)
                MESSAGES.labels(message.type, "delivered").inc()
            else:
                disabled = await note_failed(
                    connection, webhook_id, message.id, self._failure(message, answer), now=now
                )
                if disabled:
                    _log.warning("webhook disabled", webhook_id=str(webhook_id), status=answer.status)
        return answer.status is not None

    async def _post(self, connections: httpx.AsyncClient, destination: Destination, message: Message) -> Answer:
        body = message.body.encode()
        name = message_id(message.id)
        headers = signed_headers(name, body, destination.secrets, now=self._clock.now())
        answer = await self._client.post(connections, destination.url, headers, body)
        _log.info("webhook tried", message=name, type=message.type, status=answer.status, tries=message.tries + 1)
        return answer

    def _failure(self, message: Message, answer: Answer) -> Failure:
        now = self._clock.now()
        # Changes of contacts are never given up: they wait for the webhook to be enabled again.
        last_resort = now if message.type == "contacts.changed" else None
        if answer.meaning == "gone":
            failure = Failure(answer, last_resort, _GONE)
        elif message.type == TEST:
            failure = Failure(answer, None)
        elif wait := next_wait(message.tries + 1, answer.retry_after, self._chances.random):
            silent = answer.status is None
            failure = Failure(answer, now + wait, rest=min(wait, _LONGEST_SILENCE) if silent else answer.retry_after)
        else:
            since = None if last_resort else message.created_at
            failure = Failure(answer, last_resort, _GIVEN_UP + answer.words, since)
        MESSAGES.labels(message.type, "deferred" if failure.next_try_at else "failed").inc()
        return failure
