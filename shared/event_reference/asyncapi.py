"""The AsyncAPI 3 document: topics as channels, events as messages, who says and hears them as operations."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any
from uuid import UUID

from shared.event_reference.schemas import JsonSchema, shared_schemas
from shared.events.base import Event
from shared.events.cloud_events import cloud_event_headers
from shared.topics import ALL, DEAD_LETTER_SUFFIX, Topic

ASYNCAPI_VERSION = "3.0.0"
KAFKA_BINDING = "0.5.0"

_MEANINGS = {
    "content-type": "Format of the body",
    "ce_specversion": "Version of CloudEvents",
    "ce_type": "Type of the event and its version; only a breaking change raises it",
    "ce_source": "The service that said it",
    "ce_id": "The same as `event_id`; tells a repeated event",
    "ce_time": "The same as `occurred_at`",
    "ce_subject": "The run it is about",
}
_FORMATS = {"ce_id": "uuid", "ce_time": "date-time", "ce_subject": "uuid", "ce_source": "uri-reference"}

_MILLISECOND = timedelta(milliseconds=1)
_OPERATIONS = {"said_by": ("says", "send"), "heard_by": ("hears", "receive")}


def asyncapi_document(topics: Iterable[Topic] = ALL) -> dict[str, Any]:
    """Return the document for the topics."""
    topics = list(topics)
    schemas = shared_schemas(topics, ref_template="#/components/schemas/{model}")
    return {
        "asyncapi": ASYNCAPI_VERSION,
        "info": {
            "title": "contacts-sync",
            "version": version("contacts-sync"),
            "description": (
                "The events that the services say to each other and that other systems may hear. "
                "Delivery is at least once: tell a repeated event by `ce_id`. Unknown fields and unknown "
                "values of enumerations are to be ignored; a breaking change makes a new version beside the "
                "old."
            ),
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in topics},
        "operations": dict(operation for topic in topics for operation in _operations(topic)),
        "components": {
            "messages": {topic.event.__name__: _message(topic) for topic in topics},
            "schemas": schemas,
        },
    }


def headers_schema(event: type[Event], said_by: Iterable[str]) -> JsonSchema:
    """Return the schema of the Kafka headers, read off those that are really sent."""
    one, other = (_headers_of(event, number) for number in (1, 2))
    properties: dict[str, JsonSchema] = {}
    for name, value in one.items():
        properties[name] = {"type": "string", "description": _MEANINGS[name]}
        if value == other[name]:
            properties[name]["const"] = value
        if name in _FORMATS:
            properties[name]["format"] = _FORMATS[name]
    properties["ce_source"]["examples"] = [f"/contacts-sync/{service}" for service in said_by]
    return {"type": "object", "properties": properties, "required": list(one)}


def _headers_of(event: type[Event], number: int) -> dict[str, str]:
    values: dict[str, Any] = {name: UUID(int=number) for name in event.model_fields}
    values["occurred_at"] = datetime(2000, 1, number, tzinfo=UTC)
    return cloud_event_headers(event.model_construct(**values), f"/contacts-sync/{number}")


def _channel(topic: Topic) -> dict[str, Any]:
    name = topic.event.__name__
    return {
        "address": topic.name,
        "title": topic.name,
        "description": (
            f"Records of one {topic.key} stay in order. A record that a service could not take up goes to "
            f"`{topic.name}{DEAD_LETTER_SUFFIX}`."
        ),
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": topic.kept // _MILLISECOND},
                "bindingVersion": KAFKA_BINDING,
            }
        },
    }


def _message(topic: Topic) -> dict[str, Any]:
    name = topic.event.__name__
    return {
        "name": topic.event.event_type,
        "title": name,
        "summary": topic.meaning,
        "contentType": _headers_of(topic.event, 1)["content-type"],
        "headers": headers_schema(topic.event, topic.said_by),
        "payload": {"$ref": f"#/components/schemas/{name}"},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": f"Names the {topic.key}"},
                "bindingVersion": KAFKA_BINDING,
            }
        },
    }


def _operations(topic: Topic) -> Iterable[tuple[str, dict[str, Any]]]:
    channel = f"#/channels/{topic.name}"
    for side, (verb, action) in _OPERATIONS.items():
        for service in getattr(topic, side):
            yield (
                f"{service}_{verb}_{topic.name.replace('.', '_')}",
                {
                    "action": action,
                    "channel": {"$ref": channel},
                    "title": f"{service} {verb} {topic.name}",
                    "messages": [{"$ref": f"{channel}/messages/{topic.event.__name__}"}],
                    "tags": [{"name": service}],
                },
            )
