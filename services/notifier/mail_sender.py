"""Sends the mails of the outbox as they become due; what the server puts off waits by itself and holds up no other.

A mail is locked while it is sent. Who dies meanwhile leaves it as it was: it is sent again, the very same.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from email.utils import parseaddr
from typing import Any, Final

import structlog
from prometheus_client import Counter

from services.notifier.adapters.mail_pace import MailPace
from services.notifier.adapters.outgoing_mails import (
    CHANNEL,
    DueMail,
    PutOff,
    any_taken_since,
    claim_due,
    next_due,
    note_done,
    note_left,
    note_trouble,
)
from services.notifier.domain.retries import next_try
from services.notifier.domain.sample_mail import compose_test
from services.notifier.ports import Receipt, SendMail
from shared.clock import Clock
from shared.errors import TransientError
from shared.postgres.database import DATABASE_FAILED, Connection, Database
from shared.postgres.wakeups import Wakeups

MAILS = Counter(
    "contacts_sync_mails",
    "Mails by what became of them: sent, partly_sent, deferred (tried again), refused, already_noted",
    ["outcome"],
)
_CUT: Final = "mail_cut"
_UNFIT: Final = "it cannot be written on the wire"
_OURS: Final = "; does it want a login, or another sender?"
_LOOK_SECONDS: Final = 15.0
"""Nobody says that another notifier has died with a mail in hand."""
_DATABASE_WAIT: Final = 1.0
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
"""While no mail would come through."""
_LAST_SECONDS: Final = 20.0
"""For the mail in hand when the process is asked to stop: broken off, it would be sent twice."""
_log = structlog.get_logger("contacts_sync.notifier.sender")


class MailSender:
    """Sends while `run` runs, over all of its connections; any number of senders share the work."""

    def __init__(
        self,
        database: Database,
        connections: Sequence[SendMail],
        clock: Clock,
        wakeups: Wakeups,
        pace: MailPace,
        *,
        sender: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._wakeups = wakeups
        self._pace = pace
        self._sender, self._sender_address = sender, parseaddr(sender)[1]
        self._workers = [(connection, asyncio.Event()) for connection in connections]

    async def run(self) -> None:
        """Send for ever; what is down is waited for."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pass_on(), name="mail wakeups")
            for number, (connection, wake) in enumerate(self._workers):
                tasks.create_task(self._work(connection, wake), name=f"mail connection {number}")

    async def send_due(self, connection: SendMail) -> int:
        """Send all that is due now, and return how many mails were tried; TransientError where none comes through."""
        tried = 0
        while await _to_its_end(self._send_one(connection)):
            tried += 1
        return tried

    async def _pass_on(self) -> None:
        while True:
            await self._wakeups.wait(CHANNEL)
            for _, wake in self._workers:
                wake.set()

    async def _work(self, connection: SendMail, wake: asyncio.Event) -> None:
        wait = _FIRST_WAIT
        try:
            while True:
                wake.clear()
                try:
                    await self.send_due(connection)
                    await connection.close()
                    wait = _FIRST_WAIT
                    await self._until_due(wake)
                except TransientError as error:
                    _log.warning("no mail comes through", code=error.code, error=error.message, wait=wait)
                    await asyncio.sleep(wait)
                    wait = min(wait * 2, _LONGEST_WAIT)
                except DATABASE_FAILED as error:
                    _log.warning("the outbox cannot be used", error=type(error).__name__)
                    await asyncio.sleep(_DATABASE_WAIT)
        finally:
            await connection.close()

    async def _until_due(self, wake: asyncio.Event) -> None:
        now = self._clock.now()
        due = await next_due(self._database.pool, now)
        seconds = min((due - now).total_seconds(), _LOOK_SECONDS) if due else _LOOK_SECONDS
        try:
            async with asyncio.timeout(seconds):
                await wake.wait()
        except TimeoutError:
            return

    async def _send_one(self, send: SendMail) -> bool:
        """Try the mail that is due the longest; false where none is."""
        async with AsyncExitStack() as turn:
            # Waited for first: handlers and summaries want the pool's connections meanwhile.
            await turn.enter_async_context(self._pace.turn())
            async with self._database.pool.acquire() as connection, connection.transaction():
                mail = await claim_due(connection, self._clock.now())
                if mail is None:
                    return False
                self._pace.use()
                await turn.aclose()
                down = await self._try(connection, mail, send)
        if down is not None:
            raise down
        return True

    async def _try(self, connection: Connection, mail: DueMail, send: SendMail) -> TransientError | None:
        """Try a mail, and note what became of it; returns why no mail would come through now, if so."""
        try:
            receipt = await send.send(self._content(mail), self._sender_address, mail.recipients)
        except ValueError as error:
            # Of an address or a content that cannot go over the wire: no later try mends it, and others are due.
            _log.error("mail cannot be written", about=str(mail.id), error=type(error).__name__)
            await self._note_done(connection, mail, dict.fromkeys(mail.recipients, _UNFIT), taken=False)
        except TransientError as error:
            if error.code != _CUT:
                MAILS.labels("deferred").inc()
                await note_trouble(connection, mail, error.message)
                return error
            await self._note_left(connection, mail, mail.recipients, {}, error.message)
        else:
            await self._note(connection, mail, receipt)
        return None

    def _content(self, mail: DueMail) -> bytes:
        return mail.content or compose_test(mail.id, mail.prepared_at, mail.recipients, sender=self._sender).as_bytes()

    async def _note(self, connection: Connection, mail: DueMail, receipt: Receipt) -> None:
        if receipt.may_be_ours and not mail.taken:
            await self._note_unwilling(connection, mail, receipt)
            return
        refused = mail.refused | {address: answer.words for address, answer in receipt.refused.items()}
        if receipt.refused:
            _log.warning("the mail server refused some addresses", about=str(mail.id), refused=len(receipt.refused))
        if receipt.deferred:
            words = "; ".join(sorted({answer.words for answer in receipt.deferred.values()}))
            taken = len(receipt.deferred) + len(receipt.refused) < len(mail.recipients)
            await self._note_left(connection, mail, tuple(receipt.deferred), refused, words, taken=taken)
            return
        await self._note_done(connection, mail, refused, taken=len(receipt.refused) < len(mail.recipients))

    async def _note_unwilling(self, connection: Connection, mail: DueMail, receipt: Receipt) -> None:
        """Let a mail wait until the set-up is mended; where other mails go out meanwhile it is not the set-up's fault.

        By itself: one whose addresses are those of a closed group holds up no other.
        """
        words = "; ".join(sorted({answer.words for answer in receipt.refused.values()}))
        _log.warning("the mail server refused all addresses", about=str(mail.id), refused=len(receipt.refused))
        since = mail.deferred_since
        works = since is not None and await any_taken_since(connection, since)
        await self._note_left(connection, mail, mail.recipients, {}, f"{words}{_OURS}", gives_up=works)

    async def _note_left(
        self,
        connection: Connection,
        mail: DueMail,
        left: tuple[str, ...],
        refused: dict[str, str],
        trouble: str,
        *,
        taken: bool = False,
        gives_up: bool = True,
    ) -> None:
        now = self._clock.now()
        since = mail.deferred_since or now
        again = next_try(now, mail.tries, since, gives_up=gives_up)
        refused = mail.refused | refused
        if again is None:
            given_up = dict.fromkeys(left, f"put off for a day: {trouble}")
            await self._note_done(connection, mail, refused | given_up, taken=taken)
            return
        MAILS.labels("partly_sent" if taken else "deferred").inc()
        _log.info("mail put off", about=str(mail.id), addresses=len(left), tries=mail.tries + 1)
        put_off = PutOff(left, refused, trouble, again, since, now if taken else None)
        await note_left(connection, mail, put_off)

    async def _note_done(self, connection: Connection, mail: DueMail, refused: dict[str, str], *, taken: bool) -> None:
        MAILS.labels("sent" if taken else "refused").inc()
        _log.info("mail done", about=str(mail.id), kind=mail.kind, taken=taken, refused=len(refused))
        await note_done(connection, mail, refused, sent_at=self._clock.now() if taken else None)


async def _to_its_end(sending: Coroutine[Any, Any, bool]) -> bool:
    """Await it; whoever is cancelled meanwhile waits for it a while first."""
    task = asyncio.create_task(sending)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=_LAST_SECONDS)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
