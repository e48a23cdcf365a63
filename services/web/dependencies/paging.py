"""Lists page by an opaque cursor: the place of the last item, as text."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from shared.errors import UserError

Item = TypeVar("Item")
Place = TypeVar("Place")

Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many items")]
Cursor = Annotated[str | None, Query(max_length=4000, description="`next` of the page before")]


class Page(BaseModel, Generic[Item]):
    """Some items, and the cursor of the page after; null: this was the last."""

    items: list[Item]
    next: str | None


def page_of(items: Sequence[Item], limit: int, place: Callable[[Item], Any]) -> Page[Item]:
    """Return a page of items that were asked for with one more than the limit."""
    shown = list(items[:limit])
    more = len(items) > limit
    return Page(items=shown, next=cursor_of(place(shown[-1])) if more else None)


def place_of(cursor: str | None, read: Callable[[Any], Place]) -> Place | None:
    """Return the place that a cursor names; UserError `cursor_invalid`."""
    if cursor is None:
        return None
    try:
        return read(json.loads(base64.urlsafe_b64decode(cursor)))
    except (binascii.Error, ValueError, TypeError, AttributeError, UnicodeError, RecursionError) as error:
        raise UserError(
            "cursor_invalid", "Use `next` of the page before as the cursor, as it came.", field="cursor"
        ) from error


def id_place(value: object) -> UUID:
    """Read a place that is an id."""
    return UUID(str(value))


def text_place(value: object) -> str:
    """Read a place that is a text."""
    if not isinstance(value, str) or "\0" in value:
        raise TypeError
    value.encode()
    return value


def number_place(value: object) -> int:
    """Read a place that is a number."""
    number = int(str(value))
    if not 0 <= number < 2**63:
        raise ValueError
    return number


def two_numbers(value: object) -> tuple[int, int]:
    """Read a place that is two numbers."""
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - as the name says
        raise TypeError
    return number_place(value[0]), number_place(value[1])


def name_and_id(value: object) -> tuple[str, UUID]:
    """Read a place that is a name and an id."""
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - as the name says
        raise TypeError
    return text_place(value[0]), id_place(value[1])


def moment_place(value: object) -> datetime:
    """Read a place that is a moment."""
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError
    return moment


def cursor_of(place: object) -> str:
    """Return the cursor that names a place: a number, a list, or anything by its text."""
    text = json.dumps(place if isinstance(place, int | list) else str(place), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode()
