"""Tries a source step by step, for somebody who sets it up and waits for the verdict."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from services.fetcher.answers import Answers
from services.fetcher.ports import Step
from services.fetcher.remote_sources import RemoteSources
from shared.clock import Clock
from shared.errors import ContactsSyncError
from shared.events.connection_tests import ConnectionTested, ConnectionTestRequested, TestedStep
from shared.ids import new_id
from shared.kafka.publisher import EventPublisher
from shared.rules.link import Scheme, parse_link
from shared.topics import CONNECTION_TESTED

_SECURED = {"https": ("tls",), "ftps": ("tls",), "ftpsi": ("tls",), "sftp": ("host_key",)}


class StepTimer:
    """Keeps how long each step took; steps that come again, as after a redirect, stay the one they were."""

    def __init__(self, scheme: Scheme, seconds: Callable[[], float]) -> None:
        secured: tuple[Step, ...] = _SECURED.get(scheme, ())  # type: ignore[assignment]
        self._steps: tuple[Step, ...] = ("address", "connect", *secured, "login", "path", "read", "stable")
        self._seconds = seconds
        self._began: dict[Step, float] = {}

    def enter(self, step: Step) -> None:
        """Note that a step begins, and the one before it has passed."""
        if step in self._steps and all(self._steps.index(step) > self._steps.index(other) for other in self._began):
            self._began[step] = self._seconds()

    def verdicts(self, error: ContactsSyncError | None) -> list[TestedStep]:
        """Return each step's verdict; an error belongs to the step that was entered last."""
        begun = list(self._began)
        times = [*self._began.values(), self._seconds()]
        verdicts = []
        for step in self._steps:
            if step not in self._began:
                passed = bool(begun) and self._steps.index(step) < self._steps.index(begun[-1])
                verdicts.append(TestedStep(step=step, verdict="passed" if passed else "not_reached"))
                continue
            place = begun.index(step)
            failed = error if step == begun[-1] else None
            verdicts.append(
                TestedStep(
                    step=step,
                    verdict="failed" if failed else "passed",
                    milliseconds=round((times[place + 1] - times[place]) * 1000),
                    code=failed.code if failed else None,
                    message=failed.message if failed else None,
                )
            )
        return verdicts


class ConnectionTester:
    """Takes requests up, each in a task of its own, and tells how far it came."""

    def __init__(
        self, sources: RemoteSources, publisher: EventPublisher, clock: Clock, seconds: Callable[[], float]
    ) -> None:
        self._sources = sources
        self._clock = clock
        self._seconds = seconds
        self._answers = Answers(CONNECTION_TESTED, self._tested, publisher, clock)

    async def begin(self, event: ConnectionTestRequested) -> None:
        """Start a try, once there is a place for it; one that nobody waits for any more is left out."""
        await self._answers.begin(event)

    async def stop(self) -> None:
        """Abandon what is under way: whoever waits is told so by their own deadline."""
        await self._answers.stop()

    async def _tested(self, event: ConnectionTestRequested) -> ConnectionTested:
        about = {"event_id": new_id(), "request_id": event.request_id}
        try:
            timer = StepTimer(parse_link(event.source.url).scheme, self._seconds)
            local = self._clock.now().astimezone(ZoneInfo(event.time_zone))
            fetch = self._sources.fetch(event.source, local, enter=timer.enter)
        except ContactsSyncError as error:
            return ConnectionTested(
                **about,
                occurred_at=self._clock.now(),
                passed=False,
                steps=[],
                code=error.code,
                message=error.message,
            )
        failed: ContactsSyncError | None = None
        try:
            await fetch.try_once()
        except ContactsSyncError as error:
            failed = error
        finally:
            await fetch.close()
        return ConnectionTested(
            **about,
            occurred_at=self._clock.now(),
            passed=failed is None,
            steps=timer.verdicts(failed),
            code=failed.code if failed else None,
            message=failed.message if failed else None,
            host_key=fetch.host_key,
            file_name=fetch.name,
            file_bytes=fetch.state.size,
            file_modified=fetch.state.modified,
        )
