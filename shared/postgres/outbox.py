"""The outbox: an event written in the transaction of the change that it tells of."""

from collections.abc import Sequence

from shared.events.base import Event
from shared.events.cloud_events import cloud_event_headers
from shared.postgres.database import Connection
from shared.topics import IMPORT_FINISHED, IMPORT_WARNED, Topic

RESENT = frozenset({IMPORT_FINISHED.name, IMPORT_WARNED.name})
"""Facts that others live off; after the broker lost its memory they are said again. Requests are not: a run that is
still open is asked for anew, and one that ended must not be fetched again."""


async def say(connection: Connection, service: str, topic: Topic, event: Event, *, key: str) -> None:
    """Write an event to be relayed once the transaction commits."""
    await connection.execute(
        "INSERT INTO outbox (topic, key, headers, body, resend) VALUES ($1, $2, $3, $4, $5)",
        topic.name,
        key,
        cloud_event_headers(event, f"/contacts-sync/{service}"),
        event.model_dump_json(),
        topic.name in RESENT,
    )


async def say_all(connection: Connection, service: str, topic: Topic, events: Sequence[tuple[str, Event]]) -> None:
    """Write many keyed events of one topic, in their order."""
    if not events:
        return
    source = f"/contacts-sync/{service}"
    await connection.execute(
        """INSERT INTO outbox (topic, key, headers, body, resend)
        SELECT $1, e.key, e.headers, e.body, $2 FROM unnest($3::text[], $4::jsonb[], $5::text[])
            WITH ORDINALITY AS e (key, headers, body, place) ORDER BY e.place""",
        topic.name,
        topic.name in RESENT,
        [key for key, _ in events],
        [cloud_event_headers(event, source) for _, event in events],
        [event.model_dump_json() for _, event in events],
    )
