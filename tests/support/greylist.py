"""A policy server for Postfix that greylists: who comes for the first time is asked to come again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.support.ports import LOOPBACK


@dataclass
class Greylist:
    """Puts off each sender and recipient `times` times; `asked` counts how often each came."""

    times: int = 1
    asked: dict[tuple[str, str], int] = field(default_factory=dict)
    port: int = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        about: dict[str, str] = {}
        while line := await reader.readline():
            name, is_set, value = line.decode().rstrip("\n").partition("=")
            if is_set:
                about[name] = value
                continue
            pair = about.get("sender", ""), about.get("recipient", "")
            self.asked[pair] = self.asked.get(pair, 0) + 1
            action = "450 4.7.1 Greylisted, come again" if self.asked[pair] <= self.times else "DUNNO"
            writer.write(f"action={action}\n\n".encode())
            await writer.drain()
            about = {}
        writer.close()


@asynccontextmanager
async def greylisting(greylist: Greylist) -> AsyncIterator[Greylist]:
    """Serve on a free loopback port."""
    server = await asyncio.start_server(greylist._serve, LOOPBACK, 0)  # noqa: SLF001 - the server is nobody else's
    greylist.port = server.sockets[0].getsockname()[1]
    async with server:
        yield greylist
