"""One dead letter: what is shown of it, and what replaying it means."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.errors import UserError
from shared.kafka.dead_letters import DeadLetter, find_topic, starts_a_run
from shared.topics import ALL, Topic


def letter(topic: Topic = ALL[0], body: bytes = b"{}") -> DeadLetter:
    return DeadLetter(topic=topic, partition=0, offset=0, key="k", headers={"dlq_code": "seal_broken"}, body=body)


def test_sealed_values_are_cut_wherever_they_stand() -> None:
    body = {
        "source": {"url": "sftp://host/f", "secrets": "canary", "host_key": None},
        "rows": [{"values": ["a"], "passwords": [{"field": 1, "sealed": "canary", "fingerprint": "canary"}]}],
    }
    shown = letter(body=json.dumps(body).encode()).shown_body()
    assert "canary" not in shown
    assert "sftp://host/f" in shown
    assert json.loads(shown)["rows"][0]["values"] == ["a"]


def test_a_body_that_is_no_json_is_shown_by_its_beginning() -> None:
    assert "not JSON, 3 bytes" in letter(body=b"\xff{}").shown_body()


def test_what_was_not_noted_is_a_question_mark() -> None:
    assert (letter().about("code"), letter().about("at")) == ("seal_broken", "?")


def test_when_it_was_set_aside_is_a_moment_or_not_known() -> None:
    noted = replace(letter(), headers={"dlq_at": "2026-11-20T12:00:00+00:00"})
    assert noted.moment == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert letter().moment is None


def test_runs_start_anew_and_facts_are_said_again() -> None:
    again = [topic.name for topic in ALL if not starts_a_run(letter(topic))]
    assert again == [
        "import.finished",
        "contacts.changed",
        "import.warned",
        "connection.test.requested",
        "connection.tested",
        "preview.requested",
        "preview.fetched",
        "preview.ready",
        "service.reported",
    ]


def test_a_topic_is_found_with_or_without_the_suffix() -> None:
    assert find_topic("chunk.ready") is find_topic("chunk.ready.dlq")
    with pytest.raises(UserError, match=r"chunk\.ready"):
        find_topic("chunks")
