"""The events that other systems may hear, for those who build such systems."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi import Request
from starlette.responses import JSONResponse, Response

from services.web.dependencies.page_route import page_router
from services.web.dependencies.visitor import Visitor
from services.web.pages.render import page
from services.web.security.access import needs
from shared.event_reference.asyncapi import asyncapi_document
from shared.event_reference.schemas import JsonSchema, event_schema
from shared.rules.roles import Role
from shared.topics import ALL, Topic

router = page_router()

_ATTACHED = {"content-disposition": 'attachment; filename="asyncapi.json"'}


@dataclass(frozen=True)
class EventField:
    """One field of an event's body; `kind` says in words what its values are."""

    name: str
    kind: str
    meaning: str


@router.get("/events")
@needs(Role.VIEWER)
async def show_events(request: Request, visitor: Visitor) -> Response:
    """Show the topics that are made for other systems in full, and list the others."""
    shown = [(topic, _plain(topic.meaning), event_fields(topic)) for topic in ALL if topic.for_others]
    others = [(topic, _plain(topic.meaning)) for topic in ALL if not topic.for_others]
    return page(request, "events.html", visitor, shown=shown, others=others)


@router.get("/events/asyncapi.json")
@needs(Role.VIEWER)
async def get_asyncapi_document() -> Response:
    """Return the AsyncAPI document of all topics, to be kept."""
    return JSONResponse(_document(), headers=_ATTACHED)


@cache
def _document() -> dict[str, Any]:
    return asyncapi_document()


def _plain(text: str) -> str:
    """Return a text without the signs that set off code in documentation."""
    return text.replace("`", "")


@cache
def event_fields(topic: Topic) -> list[EventField]:
    """Return the fields of a topic's event; those within a field follow it, named `field.part`."""
    schema = event_schema(topic.event)
    return _fields(schema, schema.get("$defs", {}), "")


def _fields(schema: JsonSchema, parts: dict[str, JsonSchema], before: str) -> list[EventField]:
    found = []
    for name, field in schema.get("properties", {}).items():
        choices = [_resolved(choice, parts) for choice in field.get("anyOf", field.get("oneOf", [field]))]
        meaning = next((each["description"] for each in (field, *choices) if "description" in each), "")
        found.append(
            EventField(before + name, " or ".join(_kind(choice, parts) for choice in choices), _plain(meaning))
        )
        for choice in choices:
            found += _fields(choice, parts, f"{before}{name}.")
    return found


def _resolved(schema: JsonSchema, parts: dict[str, JsonSchema]) -> JsonSchema:
    return parts[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _kind(schema: JsonSchema, parts: dict[str, JsonSchema]) -> str:
    if "const" in schema:
        return repr(schema["const"])
    if "enum" in schema:
        return ", ".join(schema["enum"])
    if "items" in schema:
        return f"list of {_kind(_resolved(schema['items'], parts), parts)}"
    if isinstance(values := schema.get("additionalProperties"), dict):
        return f"{_kind(_resolved(values, parts), parts)} by name"
    return str(schema.get("format", schema.get("type", "anything")))
