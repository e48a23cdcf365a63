"""Answers to people who wait: each made in a task of its own, and left out once nobody waits for it any more."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from services.fetcher.task_places import TaskPlaces
from shared.clock import Clock
from shared.events.base import Event
from shared.kafka.publisher import EventPublisher
from shared.topics import Topic

_AT_ONCE = 20


class Wanted(Protocol):
    """A request of somebody who waits until a moment."""

    @property
    def request_id(self) -> UUID:
        """By which the answer is known."""

    @property
    def wanted_until(self) -> datetime:
        """When they stop waiting."""


Request = TypeVar("Request", bound=Wanted)


class Answers(Generic[Request]):
    """Takes requests up and says the answers to a topic; `make` returns the answer to one."""

    def __init__(
        self,
        topic: Topic,
        make: Callable[[Request], Awaitable[Event]],
        publisher: EventPublisher,
        clock: Clock,
    ) -> None:
        self._topic = topic
        self._make = make
        self._publisher = publisher
        self._clock = clock
        self._tasks = TaskPlaces(_AT_ONCE)

    async def begin(self, request: Request) -> None:
        """Start on an answer, once there is a place for it, if somebody still waits then."""
        await self._tasks.take()
        if self._clock.now() > request.wanted_until:
            self._tasks.give_back()
            return
        self._tasks.start(self._answer(request), f"{self._topic.name} {request.request_id}")

    async def stop(self) -> None:
        """Abandon what is under way: whoever waits is told so by their own deadline."""
        await self._tasks.stop()

    async def _answer(self, request: Request) -> None:
        left = (request.wanted_until - self._clock.now()).total_seconds()
        try:
            async with asyncio.timeout(max(0.0, left)):
                answer = await self._make(request)
        except TimeoutError:
            return
        await self._publisher.publish(self._topic, answer, key=str(request.request_id))
