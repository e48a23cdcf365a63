"""Which changes of an event break what was said before or who listens; each rule is seen to catch its case."""

from types import GenericAlias
from typing import Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, create_model

from services.cli.reference.compatibility import breaking_changes


class Part(BaseModel):
    code: str
    line: int | None = None


class OtherPart(BaseModel):
    text: str


class Said(BaseModel):
    run_id: UUID
    attempt: int = Field(ge=1)
    status: Literal["good", "bad"]
    note: str | None = None
    parts: list[Part]
    source: Part | OtherPart
    fields: dict[str, str]


def changed(**fields: Any) -> type[BaseModel]:
    """The same event with some fields as given; None takes one out."""
    kept = {name: (info.annotation, info) for name, info in Said.model_fields.items()} | fields
    return create_model("Said", **{name: value for name, value in kept.items() if value is not None})


class ShortPart(BaseModel):
    line: int | None = None


class StrictPart(BaseModel):
    code: str
    line: int


class LongerPart(BaseModel):
    code: str
    line: int | None = None
    column: str | None = None


def renamed(part: type[BaseModel]) -> type[BaseModel]:
    """A later shape of `Part`, under its name."""
    return create_model("Part", __base__=part)


def many(part: type[BaseModel]) -> GenericAlias:
    """The type of a list of them."""
    return GenericAlias(list, (part,))


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        pytest.param(changed(status=None), "event.status: is gone", id="field removed"),
        pytest.param(changed(note=None), "event.note: is gone", id="optional field removed"),
        pytest.param(changed(note=(str | None, ...)), "event.note: must be there now", id="field made required"),
        pytest.param(changed(extra=(str, ...)), "event.extra: must be there now", id="required field added"),
        pytest.param(changed(attempt=(int, Field(1, ge=1))), "event.attempt: may be absent now", id="optional now"),
        pytest.param(changed(attempt=(str, ...)), "event.attempt: was integer, is string", id="other type"),
        pytest.param(changed(attempt=(int, Field(ge=2))), "event.attempt: minimum was 1, is 2", id="narrower limit"),
        pytest.param(changed(run_id=(str, ...)), "event.run_id: format was uuid, is not there", id="other format"),
        pytest.param(changed(run_id=(UUID | None, ...)), "event.run_id: may be null now", id="null added"),
        pytest.param(changed(note=(str, "")), "event.note: is no longer null", id="null taken out"),
        pytest.param(
            changed(status=(Literal["good", "worse"], ...)), "event.status: no longer takes bad", id="value removed"
        ),
        pytest.param(changed(status=(str, ...)), "event.status: the list of values came or went", id="values freed"),
        pytest.param(
            changed(parts=(many(renamed(ShortPart)), ...)), "event.parts[].code: is gone", id="removed within a list"
        ),
        pytest.param(
            changed(parts=(many(renamed(StrictPart)), ...)),
            "event.parts[].line: must be there now",
            id="required within a list",
        ),
        pytest.param(changed(source=(Part, ...)), "event.source: is no longer OtherPart", id="alternative removed"),
        pytest.param(
            changed(fields=(dict[str, int], ...)), "event.fields[]: was string, is integer", id="other dict values"
        ),
    ],
)
def test_breaking_change_is_named(new: type[BaseModel], sentence: str) -> None:
    assert sentence in breaking_changes(Said.model_json_schema(), new.model_json_schema())


@pytest.mark.parametrize(
    "new",
    [
        pytest.param(changed(), id="nothing"),
        pytest.param(changed(extra=(str | None, None)), id="optional field added"),
        pytest.param(changed(status=(Literal["good", "bad", "worse"], ...)), id="value added"),
        pytest.param(changed(attempt=(int, Field(ge=1, description="Counted from 1"))), id="described"),
        pytest.param(changed(source=(Part | OtherPart | LongerPart, ...)), id="alternative added"),
        pytest.param(
            changed(parts=(many(renamed(LongerPart)), ...), source=(renamed(LongerPart) | OtherPart, ...)),
            id="optional within a list",
        ),
    ],
)
def test_addition_is_no_breaking_change(new: type[BaseModel]) -> None:
    assert breaking_changes(Said.model_json_schema(), new.model_json_schema()) == []
