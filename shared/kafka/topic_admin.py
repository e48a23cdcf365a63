"""Makes the topics of `shared/topics.py` where they are missing."""

from datetime import timedelta
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared import topics

_OVERHEAD_BYTES = 4096
"""What Kafka adds to a record, and what is told of one that was set aside."""


def _settings(kept: timedelta, max_bytes: int) -> dict[str, str]:
    """Return Kafka's own settings of a topic whose records are kept for so long, and no larger than that."""
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(kept // timedelta(milliseconds=1)),
        "max.message.bytes": str(max_bytes + _OVERHEAD_BYTES),
    }


def needed_topics(partitions: int) -> dict[str, tuple[int, dict[str, str]]]:
    """Return all topics and dead-letter topics by name: how many partitions each has, and Kafka's own settings."""
    return {
        name: (count, _settings(kept, topic.max_bytes))
        for topic in topics.ALL
        for name, count, kept in (
            (topic.name, partitions, topic.kept),
            (topic.dead_letters, 1, topics.DEAD_LETTERS_KEPT),
        )
    }


async def create_topics(bootstrap_servers: str, *, partitions: int = 6, replication_factor: int = 1) -> list[str]:
    """Make every missing topic and dead-letter topic; returns the names of those made."""
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    new_topic: Any = NewTopic
    try:
        existing = set(await admin.list_topics())
        wanted = [
            new_topic(name, count, replication_factor, topic_configs=settings)
            for name, (count, settings) in needed_topics(partitions).items()
            if name not in existing
        ]
        if wanted:
            answer = await admin.create_topics(wanted)
            for _, code, *_ in answer.topic_errors:
                error = for_code(code)
                if error is not TopicAlreadyExistsError and code:
                    raise error
    except TopicAlreadyExistsError:
        return []
    finally:
        await admin.close()
    return [topic.name for topic in wanted]
