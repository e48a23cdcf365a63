"""JSON Schemas of the events, one for each CloudEvents type."""

from collections.abc import Iterable
from typing import Any

from pydantic.json_schema import models_json_schema

from shared.events.base import Event
from shared.topics import ALL, Topic

JsonSchema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""pydantic's dialect; what the events use of it means the same in draft 7."""


def event_schema(event: type[Event]) -> JsonSchema:
    """Return the schema that every record of this event satisfies, older ones included.

    Fields with a default need not be there: they may be younger than the record.
    """
    schema = plain(event.model_json_schema())
    return {"$schema": DIALECT, "$id": f"{event.event_type}.json", **schema}


def schemas_by_type(topics: Iterable[Topic] = ALL) -> dict[str, JsonSchema]:
    """Return the schema of each topic's event under its CloudEvents type."""
    return {topic.event.event_type: event_schema(topic.event) for topic in topics}


def shared_schemas(topics: Iterable[Topic], ref_template: str) -> dict[str, JsonSchema]:
    """Return the schemas of all events and their parts by name, referring to each other by the template."""
    models = [(topic.event, "validation") for topic in topics]
    _, together = models_json_schema(models, ref_template=ref_template)  # type: ignore[arg-type] # Literal widened
    return {name: plain(schema) for name, schema in sorted(together["$defs"].items())}


def plain(schema: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return the schema without what only gets in the way.

    OpenAPI's `discriminator` is unknown to JSON Schema and means something else in AsyncAPI; a title that
    only repeats its property's name says nothing.
    """
    if isinstance(schema, list):
        return [plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: plain(value) for name, value in schema.items() if not _is_discriminator(name, value)}
    for name, property_schema in kept.get("properties", {}).items():
        if property_schema.get("title", "").lower() == name.replace("_", " "):
            del property_schema["title"]
    return kept


def _is_discriminator(name: str, value: Any) -> bool:  # noqa: ANN401 - any JSON value
    return name == "discriminator" and "propertyName" in value
