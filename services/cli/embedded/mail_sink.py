"""The mail sink: takes every mail by SMTP, delivers none, and keeps each as a file that its page shows."""

import argparse
import asyncio
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette

from services.cli.embedded.child import supervisor_gone
from services.cli.embedded.mail_folder import MailFolder
from services.cli.embedded.mail_page import mail_app
from services.cli.embedded.ports import LOOPBACK


class Keeper:
    """What aiosmtpd asks; the method's name and arguments are its own."""

    def __init__(self, folder: MailFolder) -> None:
        self._folder = folder

    async def handle_DATA(  # noqa: N802 -- aiosmtpd calls it so
        self,
        server: SMTP,  # noqa: ARG002 -- likewise
        session: Session,  # noqa: ARG002 -- likewise
        envelope: Envelope,
    ) -> str:
        """Answer only when the mail is on disk."""
        await asyncio.to_thread(
            self._folder.add,
            envelope.original_content or b"",
            sender=envelope.mail_from or "",
            recipients=envelope.rcpt_tos,
            at=datetime.now(UTC),
            suffix=secrets.token_hex(4),
        )
        return "250 OK"


class Server(uvicorn.Server):
    """A server that leaves signals to us: uvicorn's own way ends the process by the signal, not with 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def mail_sink(folder: Path, smtp_port: int, http_port: int) -> Server:
    """Return the sink as a server: its page on one loopback port, and SMTP on the other."""
    mails = MailFolder(folder)
    keeper = Keeper(mails)

    @asynccontextmanager
    async def smtp(app: Starlette) -> AsyncIterator[None]:  # noqa: ARG001 -- Starlette hands itself in
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(keeper, enable_SMTPUTF8=True, ident="contacts-sync mail sink", loop=loop),
            LOOPBACK,
            smtp_port,
        )
        async with server:
            yield

    config = uvicorn.Config(
        mail_app(mails, smtp),
        host=LOOPBACK,
        port=http_port,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )
    return Server(config)


async def serve(server: Server) -> None:
    """Serve until SIGTERM or SIGINT, or until the supervisor is gone."""
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    serving = asyncio.create_task(server.serve())
    reasons = {asyncio.create_task(told.wait()), asyncio.create_task(supervisor_gone())}
    await asyncio.wait({serving, *reasons}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    await serving
    for reason in reasons:
        reason.cancel()


def main() -> int:
    """Run the sink as a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    arguments = parser.parse_args()
    asyncio.run(serve(mail_sink(arguments.folder, arguments.smtp_port, arguments.http_port)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
