"""One remote file as one stream: found, waited for while it grows, resumed after cuts, seen at rest at the end."""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath

import structlog

from services.fetcher.domain.patience import Patience
from services.fetcher.domain.patterns import is_pattern, matcher, newest
from services.fetcher.ports import Credentials, EnterStep, FileState, FileTransport, OpenFile, RemoteServer
from services.fetcher.settings import FetcherSettings
from shared.clock import Clock
from shared.errors import TransientError, UserError
from shared.rules.link import Link

START_ANEW = frozenset({"file_changing", "resume_refused"})
"""Codes after which what was read so far is worth nothing."""

_CLOCK_STEP = timedelta(seconds=1)
"""Many servers tell times in whole seconds."""

_CHANGING = (
    "The file was still being written while it was read. Nothing was imported; the next run tries it again. "
    "If this goes on, have the file written under another name and renamed when it is whole."
)

_log = structlog.get_logger("contacts_sync.fetcher")


def no_steps(_step: str) -> None:
    """Take no note of steps."""


class RemoteFetch:
    """Fetches one file, `begin` first, then `blocks`; after an error of `START_ANEW` both again.

    Transient errors are waited out here; one that still comes out as another code has been tried often enough.
    """

    def __init__(  # noqa: PLR0913 - what a download needs, handed in
        self,
        transport: FileTransport,
        link: Link,
        credentials: Credentials,
        settings: FetcherSettings,
        clock: Clock,
        *,
        known: FileState | None = None,
        chance: Callable[[], float] = random.random,
        enter: EnterStep = no_steps,
    ) -> None:
        self._transport = transport
        self._wanted = link
        self._credentials = credentials
        self._settings = settings
        self._clock = clock
        self._known = known
        self._chance = chance
        self._enter = enter
        self._patience = Patience(settings.attempts)
        self._stack = AsyncExitStack()
        self._server: RemoteServer | None = None
        self._opened: OpenFile | None = None
        self._suspect = False
        self.link = link
        """The file's own link, once a pattern has been resolved."""
        self.state = FileState()
        self.host_key = credentials.host_key
        self.received = 0

    @property
    def name(self) -> str:
        """The file's name, for people."""
        return PurePosixPath(self.link.path).name or self.link.host

    async def begin(self) -> bool:
        """Open the file, once it is at rest; false where the server says that it is still the known one."""
        self.received = 0
        while True:
            try:
                return await self._begin()
            except TransientError as error:
                await self.close()
                if error.code in START_ANEW:
                    raise
                await self._wait_after(error)

    async def blocks(self) -> AsyncGenerator[bytes]:
        """Yield the whole file; cuts are mended by reading on where the connection broke."""
        complete = False
        while True:
            try:
                if self._server is None:
                    await self._connect()
                complete = complete or self.received == self.state.size
                if not complete:
                    if self._opened is None:
                        await self._open(self._server_now(), offset=self.received, expected=self.state)
                    async for block in self._blocks_now():
                        self.received += len(block)
                        yield block
                    complete = True
                await self._see_at_rest()
            except TransientError as error:
                await self.close()
                if error.code in START_ANEW:
                    self._suspect = True
                    raise
                await self._wait_after(error)
            else:
                return

    async def blocks_once(self) -> AsyncGenerator[bytes]:
        """Take each step to the file once and yield its blocks; raises at once, and sees nothing at rest.

        Whoever has enough of them closes the fetch.
        """
        await self._begin_once()
        self._enter("read")
        async for block in self._blocks_now():
            yield block

    async def try_once(self) -> None:
        """Take each step to the file once, read its first block, and see whether it is at rest; raises at once."""
        async with aclosing(self.blocks_once()) as blocks:
            await anext(blocks, None)
        self._enter("stable")
        if self._is_fresh(self.state):
            await self.close()  # after a transfer that was broken off, servers have odd answers
            await self._connect()
            await self._wait_for_rest(self._server_now())

    async def close(self) -> None:
        """Drop the connection; whatever it says to that plays no part any more."""
        stack, self._stack = self._stack, AsyncExitStack()
        self._server = self._opened = None
        try:
            await stack.aclose()
        except Exception as error:  # noqa: BLE001 - the server is left either way
            _log.info("a connection did not close in order", error=type(error).__name__)

    async def _begin(self) -> bool:
        if not await self._begin_once():
            return False
        if not self._suspect and self._is_fresh(self.state):
            self._suspect = True
            await self.close()
            return await self._begin()
        return True

    async def _begin_once(self) -> bool:
        await self._connect()
        server = self._server_now()
        await self._find(server)
        if self._suspect:
            await self._wait_for_rest(server)
        if not await self._open(server, known=self._known):
            return False
        size = self.state.size
        if size is not None and size > self._settings.max_bytes:
            raise UserError(
                "file_too_large",
                f"The file has {size:,} bytes; this system takes at most {self._settings.max_bytes:,}.",
            )
        return True

    async def _connect(self) -> None:
        credentials = replace(self._credentials, host_key=self.host_key)
        self._server = await self._stack.enter_async_context(
            self._transport.connect(self._wanted, credentials, self._enter)
        )
        self.host_key = self._server.host_key

    async def _find(self, server: RemoteServer) -> None:
        """Resolve a pattern anew: while one file is waited for a newer one may come."""
        folder = PurePosixPath(self._wanted.path)
        if self._wanted.is_web or not is_pattern(folder.name):
            return
        listed = await server.list_files(self._wanted, matcher(folder.name))
        name = newest((file.name, file.state.modified) for file in listed)
        if name is None:
            raise UserError("no_file_matches", f"No file in {folder.parent} matches {folder.name}.")
        self.link = replace(self._wanted, path=str(folder.with_name(name)))

    async def _open(
        self,
        server: RemoteServer,
        *,
        offset: int = 0,
        expected: FileState | None = None,
        known: FileState | None = None,
    ) -> bool:
        opening = server.open(self.link, offset=offset, expected=expected, known=known)
        self._opened = await self._stack.enter_async_context(opening)
        if self._opened is None:
            return False
        if not offset:
            self.state = self._opened.state
        return True

    def _is_fresh(self, state: FileState) -> bool:
        """Tell whether the file was written to just now, so that more may follow."""
        age = self._clock.now() - state.modified if state.modified else None
        return age is not None and abs(age) < timedelta(seconds=self._settings.settle_seconds) + _CLOCK_STEP

    async def _wait_for_rest(self, server: RemoteServer) -> None:
        """Wait until the file stays as it is for the settling time; TransientError `file_changing`."""
        before = await server.state(self.link)
        waited = 0.0
        while before is not None:
            await asyncio.sleep(self._settings.settle_seconds)
            waited += self._settings.settle_seconds
            after = await server.state(self.link)
            if after is None or after.same_file(before):
                return
            if waited >= self._settings.growing_seconds:
                raise TransientError("file_changing", _CHANGING)
            before = after

    async def _see_at_rest(self) -> None:
        size = self.state.size
        if size is not None and self.received != size:
            raise TransientError("file_changing", _CHANGING)
        if size is None and self.state.modified is None:
            return
        after = await self._server_now().state(self.link)
        if after is not None and not after.same_file(self.state):
            raise TransientError("file_changing", _CHANGING)

    def _server_now(self) -> RemoteServer:
        if self._server is None:
            raise TransientError("connection_lost", f"The connection to {self.link.host} was cut.")
        return self._server

    def _blocks_now(self) -> AsyncIterator[bytes]:
        if self._opened is None:
            raise TransientError("connection_lost", f"The connection to {self.link.host} was cut.")
        return self._opened.blocks

    async def _wait_after(self, error: TransientError) -> None:
        wait = self._patience.wait_after_failure(self.received, self._chance())
        if wait is None:
            raise error
        _log.info("a server is tried again", code=error.code, seconds=round(wait, 2), received=self.received)
        await asyncio.sleep(wait)
