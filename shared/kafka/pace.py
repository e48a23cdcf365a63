"""How long a consumer's fetch waits for a record before it is answered.

The embedded broker answers a fetch that found nothing only when its wait is over, even if a record comes first, and
each such answer costs a millisecond: short waits all the time would keep half a core busy in an idle system.
"""

import asyncio
from typing import Any

FETCH_WAIT_MS = 500
EMBEDDED_FETCH_WAIT_MS = 50
_LIVELY_SECONDS = 5.0


class EmbeddedPace:
    """Has a consumer of the embedded broker wait briefly while records come, and long again when none has for a while.

    So the first record after a pause comes up to half a second late, and those that follow it do not.
    """

    def __init__(self, *, lively_seconds: float = _LIVELY_SECONDS) -> None:
        self._lively_seconds = lively_seconds
        self._slowing: dict[Any, asyncio.TimerHandle] = {}

    def heard(self, consumer: Any) -> None:  # noqa: ANN401 - aiokafka's consumer
        """Note that a record came to a consumer."""
        if slowing := self._slowing.get(consumer):
            slowing.cancel()
        else:
            _set_wait(consumer, EMBEDDED_FETCH_WAIT_MS)
        loop = asyncio.get_running_loop()
        self._slowing[consumer] = loop.call_later(self._lively_seconds, self._slow_down, consumer)

    def _slow_down(self, consumer: Any) -> None:  # noqa: ANN401
        del self._slowing[consumer]
        _set_wait(consumer, FETCH_WAIT_MS)


def _set_wait(consumer: Any, milliseconds: int) -> None:  # noqa: ANN401
    """Set what aiokafka has as an option only when a consumer is made."""
    consumer._fetcher._fetch_max_wait_ms = milliseconds  # noqa: SLF001
