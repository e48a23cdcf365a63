"""What mail servers answer, and what becomes of the mail."""

import asyncio
import ssl
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme
from structlog.testing import capture_logs

from services.notifier.adapters.mail_pace import MailPace
from services.notifier.adapters.smtp import SmtpConnection
from services.notifier.settings import MailServer
from shared.errors import TransientError
from tests.integration.notifier.choosy_smtp import LOGIN, PASSWORD, ChoosyServer, serving
from tests.integration.notifier.conftest import Notifiers
from tests.support.ports import free_port
from tests.support.smtp_server import SmtpServer

CREDENTIALS = f"{quote(LOGIN, safe='')}:{quote(PASSWORD, safe='')}@"
AUTHORITY = trustme.CA()


@pytest.fixture
def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    AUTHORITY.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("550 5.1.1 No such user here", "there is no such address (550 5.1.1)"),
        ("552 5.2.2 Mailbox full", "the mailbox is full (552 5.2.2)"),
        ("550 we don't like ops@example.org", "the mail server does not take mail for it (550)"),
    ],
)
async def test_refused_for_good_by_every_address(notifiers: Notifiers, answer: str, words: str) -> None:
    async with serving(ChoosyServer({"ops@example.org": answer})) as server:
        notify = await notifiers.start(f"smtp://127.0.0.1:{server.port}")
        event = await notifiers.ended_run()
        await notify(event)
    noted = await notifiers.noted(event)
    assert noted["refused"] == {"ops@example.org": words}
    assert (noted["sent_at"], noted["next_try_at"], noted["content"]) == (None, None, None)


async def test_content_refused_for_good(notifiers: Notifiers) -> None:
    async with SmtpServer() as server:
        notify = await notifiers.start(server.url)
        server.refuse_next(1, reply="554 5.7.1 Looks like spam")
        event, following = await notifiers.ended_run(), await notifiers.ended_run()
        await notify.hear(event)
        await notify.hear(following)
        assert await notify.send() == 2
    refused = [mail for mail in (event, following) if (await notifiers.noted(mail))["refused"]]
    assert len(refused) == 1
    assert (await notifiers.noted(refused[0]))["refused"] == {
        "ops@example.org": "the mail server does not allow it (554 5.7.1)"
    }
    assert len(server.mails) == 1


RELAY_DENIED = "554 5.7.1 <ops@example.org>: Relay access denied"
SENDER_REJECTED = "553 5.7.1 <cs@example.org>: Sender address rejected: not logged in"


@pytest.mark.parametrize("answer", [RELAY_DENIED, SENDER_REJECTED])
async def test_a_sender_that_is_refused_with_every_address_is_waited_for(notifiers: Notifiers, answer: str) -> None:
    to = ["boss@example.org", "ops@example.org"]
    server = ChoosyServer(dict.fromkeys(to, answer))
    async with serving(server):
        notify = await notifiers.start(f"smtp://127.0.0.1:{server.port}")
        event = await notifiers.ended_run(error_emails=to)
        await notify(event)
        for _ in range(3):
            notifiers.clock.move(days=10)
            assert await notify.send() == 1
            noted = await notifiers.noted(event)
            assert (noted["recipients"], noted["refused"]) == (to, {})
            assert "5.7.1" in noted["trouble"]
            assert noted["next_try_at"] <= notifiers.clock.now() + timedelta(minutes=30)
        server.answers.clear()
        notifiers.clock.move(minutes=30)
        await notify.send()
    assert server.taken == [tuple(to)]
    assert (await notifiers.noted(event))["refused"] == {}


async def test_an_address_that_lets_nobody_in_is_given_up_where_other_mails_go_out(notifiers: Notifiers) -> None:
    server = ChoosyServer({"closed@example.org": "550 5.7.1 Only members may write to this list"})
    async with serving(server):
        notify = await notifiers.start(f"smtp://127.0.0.1:{server.port}")
        event = await notifiers.ended_run(error_emails=["closed@example.org"])
        await notify(event)
        notifiers.clock.move(hours=1)
        await notify(await notifiers.ended_run())
        notifiers.clock.move(hours=24)
        await notify.send()
    assert server.taken == [("ops@example.org",)]
    noted = await notifiers.noted(event)
    assert (noted["next_try_at"], noted["sent_at"]) == (None, None)
    assert noted["refused"]["closed@example.org"].startswith("put off for a day: the mail server does not allow it")


async def test_one_bad_address_does_not_keep_the_mail_from_the_others(notifiers: Notifiers) -> None:
    async with serving(ChoosyServer({"gone@example.org": "550 5.1.1 No such user"})) as server:
        notify = await notifiers.start(f"smtp://127.0.0.1:{server.port}")
        event = await notifiers.ended_run(error_emails=["gone@example.org", "ops@example.org"])
        with capture_logs() as logs:
            await notify(event)
            await notify(event)
    assert server.taken == [("ops@example.org",)]
    refused = [entry for entry in logs if entry["log_level"] == "warning"]
    assert len(refused) == 1
    assert refused[0]["refused"] == 1
    assert "example.org" not in str(logs)
    noted = await notifiers.noted(event)
    assert noted["sent_at"] == notifiers.clock.now()
    assert noted["refused"] == {"gone@example.org": "there is no such address (550 5.1.1)"}


async def test_what_is_no_address_is_left_out_and_said(notifiers: Notifiers) -> None:
    async with serving(ChoosyServer()) as server:
        notify = await notifiers.start(f"smtp://127.0.0.1:{server.port}")
        event = await notifiers.ended_run(error_emails=["nobody", "ops@example.org"])
        await notify(event)
    assert server.taken == [("ops@example.org",)]
    assert (await notifiers.noted(event))["refused"] == {"nobody": "it is no address that mails can go to"}


async def test_an_address_that_an_old_server_cannot_take_does_not_harm_the_others(notifiers: Notifiers) -> None:
    async with serving(ChoosyServer()) as server:
        notify = await notifiers.start(f"smtp://127.0.0.1:{server.port}")
        await notify(await notifiers.ended_run(error_emails=["zoë@example.org", "ops@example.org"]))
        alone = await notifiers.ended_run(error_emails=["zoë@example.org"])
        await notify(alone)
    assert server.taken == [("ops@example.org",)]
    (words,) = (await notifiers.noted(alone))["refused"].values()
    assert "ASCII" in words


async def test_an_address_outside_ascii_gets_its_mail_from_a_server_that_takes_it(notifiers: Notifiers) -> None:
    async with serving(ChoosyServer(), utf8=True) as server:
        notify = await notifiers.start(f"smtp://127.0.0.1:{server.port}")
        await notify(await notifiers.ended_run(error_emails=["zoë@example.org", "ops@example.org"]))
    assert server.taken == [("zoë@example.org", "ops@example.org")]


async def test_an_address_that_is_put_off_gets_the_mail_later_and_the_others_get_it_once(notifiers: Notifiers) -> None:
    server = ChoosyServer({"grey@example.org": "450 4.7.1 Greylisted"})
    async with serving(server):
        notify = await notifiers.start(f"smtp://127.0.0.1:{server.port}")
        event = await notifiers.ended_run(error_emails=["ops@example.org", "grey@example.org"])
        await notify(event)
        noted = await notifiers.noted(event)
        assert noted["recipients"] == ["grey@example.org"]
        assert noted["trouble"] == "the mail server asks to try again later (450 4.7.1)"
        assert noted["next_try_at"] == notifiers.clock.now() + timedelta(seconds=5)
        notifiers.clock.move(seconds=4)
        assert await notify.send() == 0
        notifiers.clock.move(seconds=1)
        await notify.send()
        assert (await notifiers.noted(event))["next_try_at"] == notifiers.clock.now() + timedelta(seconds=10)
        server.answers.clear()
        notifiers.clock.move(seconds=10)
        await notify(event)
        await notify(event)
    assert server.taken == [("ops@example.org",), ("grey@example.org",)]
    assert (await notifiers.noted(event))["next_try_at"] is None


async def test_a_mail_that_is_put_off_holds_up_no_other(notifiers: Notifiers) -> None:
    async with serving(ChoosyServer({"grey@example.org": "450 4.7.1 Greylisted"})) as server:
        notify = await notifiers.start(f"smtp://127.0.0.1:{server.port}")
        await notify.hear(await notifiers.ended_run(error_emails=["grey@example.org"]))
        for _ in range(3):
            await notify(await notifiers.ended_run())
    assert len(server.taken) == 3


async def test_after_a_day_of_being_put_off_the_mail_is_given_up(notifiers: Notifiers) -> None:
    async with serving(ChoosyServer({"ops@example.org": "452 4.2.2 Mailbox full"})) as server:
        notify = await notifiers.start(f"smtp://127.0.0.1:{server.port}")
        event = await notifiers.ended_run()
        for hours in (0, 24):
            notifiers.clock.time = event.finished_at + timedelta(hours=hours)
            await notify(event)
            assert (await notifiers.noted(event))["next_try_at"] is not None
        notifiers.clock.move(minutes=30)
        await notify.send()
    noted = await notifiers.noted(event)
    assert noted["refused"] == {"ops@example.org": "put off for a day: the mailbox is full (452 4.2.2)"}
    assert (noted["sent_at"], noted["next_try_at"]) == (None, None)


async def test_many_mails_go_over_one_connection(notifiers: Notifiers) -> None:
    async with serving(ChoosyServer()) as server:
        notify = await notifiers.start(f"smtp://127.0.0.1:{server.port}")
        for _ in range(10):
            await notify.hear(await notifiers.ended_run())
        assert await notify.send() == 10
    assert (len(server.taken), server.connections) == (10, 1)


async def test_a_rate_limit_is_kept(notifiers: Notifiers) -> None:
    async with serving(ChoosyServer()) as server:
        notify = await notifiers.start(f"smtp://127.0.0.1:{server.port}", pace=MailPace(300))
        for _ in range(4):
            await notify.hear(await notifiers.ended_run())
        began = asyncio.get_running_loop().time()
        await notify.send()
    assert len(server.taken) == 4
    assert asyncio.get_running_loop().time() - began >= 0.6


async def test_a_server_that_is_not_there_is_waited_for(notifiers: Notifiers) -> None:
    port = free_port()
    notify = await notifiers.start(f"smtp://127.0.0.1:{port}")
    with pytest.raises(TransientError, match=f"127.0.0.1, port {port}") as caught:
        await notify(await notifiers.ended_run())
    assert caught.value.code == "mail_server_unreachable"


@pytest.mark.parametrize(
    ("credentials", "code"), [("", "mail_sender_refused"), ("me:c4n4ry-wrong@", "mail_login_refused")]
)
async def test_a_login_that_is_missing_or_wrong_is_the_set_ups_fault(
    notifiers: Notifiers, credentials: str, code: str
) -> None:
    async with SmtpServer(login="me", password="right") as server:
        notify = await notifiers.start(f"smtp://{credentials}127.0.0.1:{server.port}")
        event = await notifiers.ended_run()
        with pytest.raises(TransientError) as caught:
            await notify(event)
        assert caught.value.code == code
        assert (await notifiers.noted(event))["trouble"] == caught.value.message
        assert "c4n4ry" not in repr(caught.value) + repr(caught.value.__cause__)
        await (await notifiers.start(server.url))(event)
    assert len(server.mails) == 1


async def test_a_sender_that_cannot_go_over_the_wire_is_the_set_ups_fault(notifiers: Notifiers) -> None:
    async with serving(ChoosyServer()) as server:
        url = f"smtp://127.0.0.1:{server.port}"
        notify = await notifiers.start(url, sender="käse@example.org")
        event = await notifiers.ended_run()
        for _ in range(2):
            with pytest.raises(TransientError) as caught:
                await notify(event)
            assert caught.value.code == "mail_settings_wrong"
        noted = await notifiers.noted(event)
        assert (noted["refused"], noted["trouble"]) == ({}, caught.value.message)
        await (await notifiers.start(url))(event)
    assert server.taken == [("ops@example.org",)]


async def test_a_host_name_that_is_none_is_the_set_ups_fault() -> None:
    connection = SmtpConnection(MailServer(host="mail..example.org", port=25, tls="never"))
    with pytest.raises(TransientError) as caught:
        await connection.send(b"", "cs@example.org", ["ops@example.org"])
    assert caught.value.code == "mail_settings_wrong"


@pytest.mark.parametrize("query", ["", "?starttls=required"])
async def test_starttls_is_used_where_it_is_offered(
    notifiers: Notifiers, server_tls: ssl.SSLContext, trusted: None, query: str
) -> None:
    async with serving(ChoosyServer(), starttls=server_tls) as server:
        notify = await notifiers.start(f"smtp://{CREDENTIALS}127.0.0.1:{server.port}{query}")
        await notify(await notifiers.ended_run())
    assert server.logins == [True]
    assert len(server.taken) == 1


async def test_tls_from_the_first_byte(notifiers: Notifiers, server_tls: ssl.SSLContext, trusted: None) -> None:
    async with serving(ChoosyServer(), implicit_tls=server_tls) as server:
        notify = await notifiers.start(f"smtps://127.0.0.1:{server.port}")
        await notify(await notifiers.ended_run())
    assert len(server.taken) == 1


async def test_a_certificate_that_nobody_vouches_for_gets_neither_login_nor_mail(
    notifiers: Notifiers, server_tls: ssl.SSLContext
) -> None:
    async with serving(ChoosyServer(), starttls=server_tls) as server:
        notify = await notifiers.start(f"smtp://{CREDENTIALS}127.0.0.1:{server.port}")
        with pytest.raises(TransientError, match="certificate") as caught:
            await notify(await notifiers.ended_run())
    assert caught.value.code == "mail_server_unreachable"
    assert (server.logins, server.taken) == ([], [])


async def test_required_tls_that_is_not_offered_sends_nothing(notifiers: Notifiers) -> None:
    async with serving(ChoosyServer()) as server:
        notify = await notifiers.start(f"smtp://127.0.0.1:{server.port}?starttls=required")
        with pytest.raises(TransientError, match=r"(?i)starttls"):
            await notify(await notifiers.ended_run())
    assert server.taken == []
