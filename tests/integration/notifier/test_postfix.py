"""Postfix, as Debian has it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from tests.integration.notifier.conftest import Notifiers
from tests.support.greylist import Greylist, greylisting
from tests.support.postfix_server import PostfixServer
from tests.support.waiting import until

DEADLINE = 30
MAILS = 1000
AUTHORITY = trustme.CA()
ANSWERS = {
    "full@example.org": "552 5.2.2 Mailbox full",
    "filling@example.org": "452 4.2.2 Mailbox full",
}


@pytest.fixture(scope="module")
async def greylist() -> AsyncIterator[Greylist]:
    async with greylisting(Greylist(times=0)) as running:
        yield running


@pytest.fixture(scope="module")
async def postfix(greylist: Greylist) -> AsyncIterator[PostfixServer]:
    if missing := PostfixServer.reason_missing():
        pytest.skip(missing)
    server = PostfixServer(
        ("ops", "boss", "crowd", "grey"),
        answers=ANSWERS,
        policy_port=greylist.port,
        requires_tls=True,
        authority=AUTHORITY,
    )
    async with server:
        yield server


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    AUTHORITY.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


async def delivered(postfix: PostfixServer, mailbox: str, count: int) -> None:
    await until(lambda: len(postfix.mails(mailbox)) >= count, within=DEADLINE, what=f"{count} mails lie in {mailbox}")


async def test_each_address_is_told_of_by_itself(notifiers: Notifiers, postfix: PostfixServer, trusted: None) -> None:
    notify = await notifiers.start(f"{postfix.url}?starttls=required")
    to = ["ops@example.org", "nobody@example.org", "boss@example.org", *ANSWERS]
    event = await notifiers.ended_run(error_emails=to)
    await notify(event)
    for mailbox in ("ops", "boss"):
        await delivered(postfix, mailbox, 1)
        (mail,) = postfix.mails(mailbox)
        assert mail["Message-ID"] == f"<run-{event.run_id}@contacts-sync>"
        assert mail["Subject"].startswith("Failed: HR file")
        assert mail.get_body(["html"]) is not None
    noted = await notifiers.noted(event)
    assert noted["refused"] == {
        "nobody@example.org": "there is no such address (550 5.1.1)",
        "full@example.org": "the mailbox is full (552 5.2.2)",
    }
    assert (noted["recipients"], noted["trouble"]) == (["filling@example.org"], "the mailbox is full (452 4.2.2)")


async def test_a_mail_that_is_not_relayed_waits(notifiers: Notifiers, postfix: PostfixServer, trusted: None) -> None:
    notify = await notifiers.start(f"{postfix.url}?starttls=required")
    event = await notifiers.ended_run(error_emails=["ops@elsewhere.example", "boss@elsewhere.example"])
    await notify(event)
    notifiers.clock.move(days=2)
    await notify.send()
    noted = await notifiers.noted(event)
    assert (noted["refused"], len(noted["recipients"])) == ({}, 2)
    assert "554 5.7.1" in noted["trouble"]


async def test_a_greylisted_mail_arrives_at_the_second_try(
    notifiers: Notifiers, postfix: PostfixServer, greylist: Greylist, trusted: None
) -> None:
    greylist.times = 1
    notify = await notifiers.start(f"{postfix.url}?starttls=required")
    event = await notifiers.ended_run(error_emails=["grey@example.org"])
    await notify(event)
    assert "450 4.7.1" in (await notifiers.noted(event))["trouble"]
    notifiers.clock.move(seconds=5)
    await notify.send()
    greylist.times = 0
    await delivered(postfix, "grey", 1)
    assert greylist.asked["cs@example.org", "grey@example.org"] == 2
    assert len(postfix.mails("grey")) == 1


async def test_a_certificate_that_nobody_vouches_for_gets_no_mail(notifiers: Notifiers, postfix: PostfixServer) -> None:
    notify = await notifiers.start(f"{postfix.url}?starttls=required")
    event = await notifiers.ended_run(error_emails=["ops@example.org"])
    before = len(postfix.mails("ops"))
    with pytest.raises(Exception, match=r"(?i)certificate"):
        await notify(event)
    assert (await notifiers.noted(event))["sent_at"] is None
    assert len(postfix.mails("ops")) == before


async def test_many_failures_at_once(
    notifiers: Notifiers, postfix: PostfixServer, trusted: None, *, is_long: bool
) -> None:
    mails = MAILS if is_long else MAILS // 10
    senders = [await notifiers.start(f"{postfix.url}?starttls=required") for _ in range(2)]
    events = [await notifiers.ended_run(error_emails=["crowd@example.org"]) for _ in range(mails)]
    for event in events:
        await senders[0].hear(event)
    assert sum(await asyncio.gather(*(sender.send() for sender in senders))) == mails
    await delivered(postfix, "crowd", mails)
    names = [str(mail["Message-ID"]) for mail in postfix.mails("crowd")]
    assert sorted(names) == sorted(f"<run-{event.run_id}@contacts-sync>" for event in events)
