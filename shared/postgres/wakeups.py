"""Waking by NOTIFY: one listening connection, kept open, and an event for each channel.

A wait also ends when the connection was lost and made anew, because a notification may have been missed meanwhile.
"""

import asyncio
from collections.abc import Iterable
from typing import Self

import asyncpg
import structlog

_RECONNECT_WAIT = 0.5
_log = structlog.get_logger("contacts_sync.wakeups")


class Wakeups:
    """Listens on channels while it is entered."""

    def __init__(self, dsn: str, channels: Iterable[str]) -> None:
        self._dsn = dsn
        self._events = {channel: asyncio.Event() for channel in channels}
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        self._listening = asyncio.create_task(self._listen(), name="wakeups")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    def wake(self, channel: str) -> None:
        """Wake whoever waits on a channel of this process."""
        self._events[channel].set()

    async def wait(self, channel: str, *, at_most: float | None = None) -> bool:
        """Wait for a notification, at most so many seconds; tells whether there was one. One waiter a channel."""
        event = self._events[channel]
        try:
            async with asyncio.timeout(at_most):
                await event.wait()
        except TimeoutError:
            return False
        event.clear()
        return True

    async def _listen(self) -> None:
        while True:
            try:
                connection = await asyncpg.connect(self._dsn, server_settings={"application_name": "wakeups"})
            except Exception as error:  # noqa: BLE001 - who waits for a channel would wait for ever
                _log.warning("cannot listen", error=type(error).__name__)
                await asyncio.sleep(_RECONNECT_WAIT)
                continue
            lost = asyncio.Event()
            connection.add_termination_listener(lambda *_, lost=lost: lost.set())
            try:
                for channel in self._events:
                    await connection.add_listener(channel, lambda *args: self.wake(args[2]))
                for channel in self._events:
                    self.wake(channel)
                await lost.wait()
            except Exception as error:  # noqa: BLE001 - as above
                _log.warning("listening failed", error=type(error).__name__)
                await asyncio.sleep(_RECONNECT_WAIT)
            finally:
                connection.terminate()
