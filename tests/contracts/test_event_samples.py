"""Events as they were once said still parse; a sample is never edited to fit, only joined by a newer one."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from shared.event_reference.asyncapi import headers_schema
from shared.event_reference.schemas import event_schema
from shared.events.cloud_events import cloud_event_headers
from shared.topics import ALL, Topic

SAMPLES = Path(__file__).parent / "samples"
FORMATS = jsonschema.FormatChecker(["uuid"])


@FORMATS.checks("date-time", ValueError)
def is_moment(value: object) -> bool:
    return datetime.fromisoformat(str(value)).tzinfo is not None


BY_TYPE = {topic.event.event_type: topic for topic in ALL}


def of_type(topic: Topic) -> list[Path]:
    """Samples are named `<type>.json`, later ones `<type>.<what is new>.json`."""
    return sorted(SAMPLES.glob(f"{topic.event.event_type}.*json"))


CASES = [pytest.param(topic, path, id=path.stem) for topic in ALL for path in of_type(topic)]


def parsed(path: Path) -> dict[str, Any]:
    sample: dict[str, Any] = json.loads(path.read_text())
    return sample


def as_far_as(sample: object, said: object) -> object:
    """Return what was said without fields that came later, at whatever depth."""
    if isinstance(sample, dict) and isinstance(said, dict):
        return {name: as_far_as(sample[name], said[name]) for name in sample}
    if isinstance(sample, list) and isinstance(said, list) and len(sample) == len(said):
        return [as_far_as(one, other) for one, other in zip(sample, said, strict=True)]
    return said


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_every_event_has_a_sample(topic: Topic) -> None:
    assert of_type(topic)


def test_no_sample_is_of_an_unknown_event() -> None:
    known = {path for topic in ALL for path in of_type(topic)}
    assert set(SAMPLES.iterdir()) == known


@pytest.mark.parametrize(("topic", "path"), CASES)
def test_sample_still_parses(topic: Topic, path: Path) -> None:
    event = topic.event.model_validate_json(path.read_bytes())
    said_again = event.model_dump(mode="json")
    sample = parsed(path)
    assert as_far_as(sample, said_again) == sample


@pytest.mark.parametrize(("topic", "path"), CASES)
def test_sample_fits_the_published_schema(topic: Topic, path: Path) -> None:
    jsonschema.validate(parsed(path), event_schema(topic.event), format_checker=FORMATS)


@pytest.mark.parametrize(("topic", "path"), CASES)
def test_unknown_fields_are_ignored(topic: Topic, path: Path) -> None:
    with_more = parsed(path) | {"added_later": {"a": 1}}
    assert topic.event.model_validate(with_more) == topic.event.model_validate(parsed(path))
    jsonschema.validate(with_more, event_schema(topic.event))


@pytest.mark.parametrize(("topic", "path"), CASES)
def test_headers_fit_the_published_schema(topic: Topic, path: Path) -> None:
    event = topic.event.model_validate_json(path.read_bytes())
    schema = headers_schema(topic.event, topic.said_by)
    sent = cloud_event_headers(event, f"/contacts-sync/{topic.said_by[0]}")
    jsonschema.validate(sent, schema, format_checker=FORMATS)
    assert set(sent) == set(schema["properties"])


def test_no_two_topics_carry_the_same_event() -> None:
    assert len(BY_TYPE) == len(ALL)
