"""Asks the fetcher to try a source, and waits for the answer."""

from datetime import timedelta

from services.web.live.questions import Questions
from shared.clock import Clock
from shared.errors import TransientError
from shared.events.connection_tests import ConnectionTested, ConnectionTestRequested
from shared.events.set_up import RemoteSource
from shared.ids import new_id
from shared.settings import KafkaSettings
from shared.topics import CONNECTION_TEST_REQUESTED, CONNECTION_TESTED

LONGEST_WAIT = timedelta(seconds=60)
"""Longer than the fetcher's own limits for connecting; nobody looks at a page for longer."""


class ConnectionTests(Questions[ConnectionTested]):
    """Tries of sources."""

    def __init__(self, settings: KafkaSettings, clock: Clock) -> None:
        super().__init__(settings, CONNECTION_TEST_REQUESTED, CONNECTION_TESTED, ConnectionTested)
        self._clock = clock

    async def try_source(self, source: RemoteSource, *, time_zone: str = "UTC") -> ConnectionTested:
        """Return how far a try came; TransientError `connection_test_unanswered` where nobody answers in time."""
        now, request_id = self._clock.now(), new_id()
        wanted = ConnectionTestRequested(
            event_id=new_id(),
            occurred_at=now,
            request_id=request_id,
            source=source,
            time_zone=time_zone,
            wanted_until=now + LONGEST_WAIT,
        )
        message = "The test was not answered in time; try it again in a moment."
        unanswered = TransientError("connection_test_unanswered", message)
        return await self.ask(wanted, request_id, within=LONGEST_WAIT, unanswered=unanswered)
