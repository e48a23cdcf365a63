"""A mail server that breaks off in any phase of the dialogue, or puts mails off, as it is told for each connection."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from tests.support.ports import LOOPBACK

CUTS: Final = ("connect", "greeting", "ehlo", "mail", "rcpt", "data", "content", "end", "answer")
"""Where it breaks off: instead of its answer to that; in the middle of the content; after its end, which it has then
taken, without a word; or in the middle of its answer to that."""
PUTS_OFF: Final = ("mail 451", "rcpt 450", "data 452", "end 451", "mail 421", "rcpt 421", "end 421")
"""What it answers, and after a 421 breaks off."""


@dataclass
class FaultySmtp:
    """Asks `faults` for each connection what is wrong with it, if anything; `taken` by Message-ID, each as it came."""

    faults: Callable[[], str | None] = lambda: None
    taken: dict[str, list[bytes]] = field(default_factory=dict)
    connections: int = 0
    tls_answer: str | None = None
    """What it says to STARTTLS, which it then offers."""
    port: int = 0

    @property
    def url(self) -> str:
        return f"smtp://{LOOPBACK}:{self.port}"

    @property
    def count(self) -> int:
        return sum(map(len, self.taken.values()))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._talk(reader, writer, self.faults() or "")
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: str) -> None:
        async def answers(phase: str, usual: str) -> bool:
            if phase == fault:
                return False
            told, code = fault.partition(" ")[::2]
            is_off = told == phase and bool(code)
            writer.write(f"{code} 4.3.0 Later\r\n".encode() if is_off else f"{usual}\r\n".encode())
            await writer.drain()
            return not (is_off and code == "421")

        if fault == "connect" or not await answers("greeting", "220 faulty.example ESMTP"):
            return
        while line := await reader.readline():
            verb = line.split(maxsplit=1)[0].upper() if line.strip() else b""
            if verb == b"QUIT":
                await answers("quit", "221 Bye")
                return
            phase, usual = {
                b"EHLO": ("ehlo", "250-faulty.example\r\n250 STARTTLS" if self.tls_answer else "250 faulty.example"),
                b"STARTTLS": ("starttls", self.tls_answer or "502 Not here"),
                b"MAIL": ("mail", "250 OK"),
                b"RCPT": ("rcpt", "250 OK"),
                b"DATA": ("data", "354 Go on"),
            }.get(verb, ("other", "250 OK"))
            if not await answers(phase, usual):
                return
            if verb == b"DATA" and fault != "data 452" and not await self._content(reader, writer, fault, answers):
                return

    async def _content(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        fault: str,
        answers: Callable[[str, str], object],
    ) -> bool:
        if fault == "content":
            await reader.readexactly(100)
            return False
        content = await reader.readuntil(b"\r\n.\r\n")
        if not fault.startswith("end "):
            head = content.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ")
            (name,) = [line for line in head.split(b"\r\n") if line.lower().startswith(b"message-id:")]
            self.taken.setdefault(name.split()[1].decode(), []).append(content)
        if fault == "answer":
            writer.write(b"25")
            await writer.drain()
            return False
        return bool(await answers("end", "250 Taken"))  # type: ignore[misc] # an awaitable


@asynccontextmanager
async def serving(server: FaultySmtp) -> AsyncIterator[FaultySmtp]:
    """Serve on a free loopback port, which it keeps."""
    listening = await asyncio.start_server(server.serve, LOOPBACK, server.port, limit=1 << 22)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server
