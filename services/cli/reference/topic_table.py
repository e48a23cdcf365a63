"""The page of topics: which event each carries, who says and hears it, its key."""

from collections.abc import Iterable

from services.cli.reference.markdown import table
from shared.topics import ALL, DEAD_LETTER_SUFFIX, DEAD_LETTERS_KEPT, Topic

_HEAD = f"""# Topics

Each topic carries one event, as JSON with [CloudEvents](https://cloudevents.io) 1.0 headers in Kafka's binary
mode. Records with the same key stay in order. Delivery is at least once: `ce_id` tells a repeated event.
A record that a service could not take up goes to the topic's name with `{DEAD_LETTER_SUFFIX}`, its error in
`dlq_*` headers and is kept {DEAD_LETTERS_KEPT.days} days. No topic is compacted. What other systems may
build on, with an example: [events.md](../events.md). The same in machine-readable form: [asyncapi.json](asyncapi.json).

"""


def topic_page(topics: Iterable[Topic] = ALL) -> str:
    """Return the page in Markdown."""
    lines = [
        (
            f"`{topic.name}`",
            f"[{topic.event.__name__}](schemas/{topic.event.event_type}.json)",
            ", ".join(topic.said_by),
            ", ".join(topic.heard_by) or "other systems",
            topic.key,
            f"{topic.kept.days} d",
            topic.meaning,
        )
        for topic in topics
    ]
    return _HEAD + table(("topic", "event", "said by", "heard by", "key", "kept", "what it says"), lines)
