"""Which processes are shown as working, and which as silent."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from services.web.live.service_states import SILENT_AFTER, ProcessState, ServiceStates
from shared.events.services import ServiceReported
from shared.settings import KafkaSettings
from shared.topics import SERVICE_REPORTED
from tests.support.set_clock import SetClock

SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 11, 28, 12, tzinfo=UTC))


@pytest.fixture
def states(clock: SetClock) -> ServiceStates:
    return ServiceStates(KafkaSettings(), clock)


def report(clock: SetClock, process_id: UUID, **said: object) -> bytes:
    fields = {"state": "working", "waiting": {"chunk.ready": 3}} | said
    return ServiceReported.model_validate(
        {
            "event_id": uuid4(),
            "occurred_at": clock.now(),
            "service": "parser",
            "process_id": process_id,
            "started_at": clock.now(),
            "version": "1",
            **fields,
        }
    ).as_body()


def parsers(states: ServiceStates) -> list[ProcessState]:
    services = states.current()
    assert services is not None
    assert [each.service for each in services] == list(SERVICE_REPORTED.said_by)
    return next(each.processes for each in services if each.service == "parser")


def test_nothing_is_known_before_there_was_time_to_hear(states: ServiceStates, clock: SetClock) -> None:
    assert states.current() is None
    clock.go(2 * SILENT_AFTER)
    assert states.current() is None, "the broker is not there yet"
    states.listens()
    assert states.current() is None
    clock.go(SILENT_AFTER)
    assert parsers(states) == []


def test_a_process_that_no_longer_reports_is_silent_and_at_last_forgotten(
    states: ServiceStates, clock: SetClock
) -> None:
    lasting, killed = uuid4(), uuid4()
    states.hear(report(clock, killed))
    clock.go(SILENT_AFTER)
    states.hear(report(clock, lasting))
    assert [each.state for each in parsers(states)] == ["working", "working"]
    clock.go(SECOND)
    assert [(each.process_id, each.state) for each in parsers(states)] == [(killed, "silent"), (lasting, "working")]
    clock.go(timedelta(minutes=10) - SILENT_AFTER)
    assert [each.process_id for each in parsers(states)] == [lasting]


def test_a_process_that_stops_says_so(states: ServiceStates, clock: SetClock) -> None:
    process_id = uuid4()
    states.hear(report(clock, process_id, state="halted", reason="too many dead letters"))
    (halted,) = parsers(states)
    assert (halted.state, halted.reason, halted.waiting) == ("halted", "too many dead letters", {"chunk.ready": 3})
    states.hear(b"nonsense")
    assert len(parsers(states)) == 1
    states.hear(report(clock, process_id, state="stopped"))
    assert states.current() is None


def test_all_services_that_hear_events_are_told_of() -> None:
    assert set(SERVICE_REPORTED.said_by) == {"scheduler", "fetcher", "parser", "syncer", "notifier"}
