"""aioftp's client, mended for the servers that are really run, and wary of what they answer.

vsftpd and ProFTPD begin TLS on a data connection only after its command, and want the control connection's session on
it; aioftp begins before the command, so that both sides wait for ever.
"""

import asyncio
import ssl

import aioftp
from aioftp.client import DataConnectionThrottleStreamIO
from aioftp.common import SSLSessionBoundContext

_LONGEST_ANSWER = 64 * 1024
_READ_AHEAD_BYTES = 1 << 20


class GarbledAnswerError(Exception):
    """What came is no answer of an FTP server."""


class FtpClient(aioftp.Client):
    """Connects to a checked address, while TLS verifies the host's name; passive only."""

    def __init__(self, context: ssl.SSLContext | None, server_name: str, *, implicit: bool, seconds: float) -> None:
        super().__init__(socket_timeout=seconds, connection_timeout=seconds, path_timeout=seconds)
        self._context = context
        self._server_name = server_name
        self._implicit = implicit

    async def secure(self) -> None:
        """Begin TLS on the control connection where it is not there from the start; want it on data connections."""
        if self._context is None:
            return
        if not self._implicit:
            await self.command("AUTH TLS", "234")
            # Whatever came before the handshake may be from somebody in between.
            if self.stream.reader._buffer:  # type: ignore[attr-defined]  # noqa: SLF001 - there is no other way to see it
                raise GarbledAnswerError
            await self.stream.start_tls(self._context, self._server_name)
        await self.command("PBSZ 0", "2xx")
        await self.command("PROT P", "2xx")

    async def parse_line(self) -> tuple[aioftp.Code, str]:
        """Read a line in whatever encoding; ConnectionResetError where there is none any more."""
        line = await self.stream.readline()
        if not line:
            self.close()
            raise ConnectionResetError
        text = line.decode(self.encoding, errors="replace").rstrip()
        return aioftp.Code(text[:3]), text[3:]

    async def parse_response(self) -> tuple[aioftp.Code, list[str]]:
        """Read an answer of bounded length; GarbledAnswerError where it is none."""
        code, rest = await self.parse_line()
        if not (code.isdecimal() and code.isascii()):
            raise GarbledAnswerError
        lines = [rest]
        ended = not rest.startswith("-")
        while not ended:
            begin, rest = await self.parse_line()
            ended = begin == code and not rest.startswith("-")
            lines.append(rest if begin == code else begin + rest)
            if sum(map(len, lines)) > _LONGEST_ANSWER:
                raise GarbledAnswerError
        return code, lines

    async def get_stream(  # type: ignore[override]  # of aioftp's arguments these alone are in use
        self, command: str, *, offset: int = 0
    ) -> DataConnectionThrottleStreamIO:
        """Open a data connection, say what it is for, and only then begin TLS on it."""
        reader, writer = await self.get_passive_connection("I")
        try:
            if offset:
                await self.command(f"REST {offset}", "350")
            await self.command(command, "1xx")
            secured = self.stream.writer.get_extra_info("ssl_object")
            if secured is not None:
                bound = SSLSessionBoundContext(
                    ssl.PROTOCOL_TLS_CLIENT, context=secured.context, session=secured.session
                )
                await writer.start_tls(
                    bound, server_hostname=self._server_name, ssl_handshake_timeout=self.connection_timeout
                )
        except BaseException:
            writer.close()
            raise
        return DataConnectionThrottleStreamIO(
            self, reader, writer, throttles={"_": self.throttle}, timeout=self.socket_timeout
        )

    async def _do_epsv(self) -> tuple[None, int]:
        """Ask by EPSV; however a server refuses it, PASV is tried next."""
        try:
            return await super()._do_epsv()
        except aioftp.StatusCodeError as error:
            raise aioftp.StatusCodeError(aioftp.Code("229"), aioftp.Code("500"), error.info) from error

    async def _open_connection(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect; data connections get their TLS later, in `get_stream`."""
        first = self._stream is None
        context = self._context if first and self._implicit else None
        opening = asyncio.open_connection(
            host,
            port,
            limit=_LONGEST_ANSWER if first else _READ_AHEAD_BYTES,
            ssl=context,
            server_hostname=self._server_name if context else None,
        )
        return await asyncio.wait_for(opening, self.connection_timeout)
