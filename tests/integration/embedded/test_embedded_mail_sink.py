"""The mail sink: what comes by SMTP lies in the folder, can be read on the page, and can do nothing there."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import aiosmtplib
import httpx
import pytest

from services.cli.embedded.child import Child, Lifeline
from services.cli.embedded.ports import free_port
from tests.integration.embedded.processes import living
from tests.support.waiting import until


@dataclass
class Sink:
    child: Child
    lifeline: Lifeline
    folder: Path
    smtp_port: int
    page: httpx.AsyncClient

    async def send(self, message: EmailMessage) -> None:
        await aiosmtplib.send(message, hostname="127.0.0.1", port=self.smtp_port)

    def files(self) -> list[Path]:
        return sorted(self.folder.iterdir())


def mail(subject: str, text: str = "Hello", html: str | None = None) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "Contacts <contacts@example.org>"
    message["To"] = "zoë@example.org"
    message["Date"] = "Mon, 23 Nov 2026 01:00:00 +0000"
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message


@pytest.fixture
async def sink(tmp_path: Path) -> AsyncIterator[Sink]:
    folder = tmp_path / "mails"
    folder.mkdir()
    smtp_port, http_port = free_port(), free_port()
    lifeline = Lifeline()
    child = await Child.start(
        [
            *(
                sys.executable,
                "-W",
                "error",
                "-m",
                "services.cli.embedded.mail_sink",
                "--folder",
                str(folder),
            ),
            *("--smtp-port", str(smtp_port), "--http-port", str(http_port)),
        ],
        env=dict(os.environ),
        log=tmp_path / "sink.log",
        lifeline=lifeline,
    )
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{http_port}", trust_env=False) as page:

        async def ready() -> bool:
            assert child.returncode is None, (tmp_path / "sink.log").read_text()
            with contextlib.suppress(httpx.ConnectError):
                return (await page.get("/readyz")).status_code == 200
            return False

        await until(ready, within=15, what="the sink answers")
        yield Sink(child, lifeline, folder, smtp_port, page)
    assert await child.stop(10) == 0
    assert (tmp_path / "sink.log").read_text() == ""


async def test_a_mail_lies_in_the_folder_as_it_came(sink: Sink) -> None:
    sent = mail("Your import failed", "Line one\n\nLine three")
    await sink.send(sent)
    (file,) = sink.files()
    assert file.suffix == ".eml"
    assert file.stat().st_mode & 0o077 == 0
    kept = message_from_bytes(file.read_bytes(), policy=default)
    assert kept["Subject"] == "Your import failed"
    assert kept["X-Envelope-To"] == "zoë@example.org"
    assert kept.get_content().replace("\r\n", "\n") == "Line one\n\nLine three\n"


async def test_names_sort_as_the_mails_came_and_the_page_lists_the_newest_first(sink: Sink) -> None:
    for number in range(1, 6):
        await sink.send(mail(f"Mail {number}"))
    subjects = [message_from_bytes(file.read_bytes(), policy=default)["Subject"] for file in sink.files()]
    assert subjects == [f"Mail {number}" for number in range(1, 6)]
    page = (await sink.page.get("/")).text
    places = [page.index(f">Mail {number}<") for number in range(5, 0, -1)]
    assert places == sorted(places)
    for shown in ("contacts@example.org", "zoë@example.org", "23 Nov 2026"):
        assert shown in page


async def test_many_at_once_all_arrive(sink: Sink) -> None:
    await asyncio.gather(*(sink.send(mail(f"Mail {number}")) for number in range(120)))
    assert len(sink.files()) == 120
    first = (await sink.page.get("/")).text
    assert first.count("/mails/") == 100
    older = first.split('href="/?before=')[1].split('"')[0]
    assert (await sink.page.get(f"/?before={older}")).text.count("/mails/") == 20


async def test_one_mail_is_shown_and_its_html_can_do_nothing(sink: Sink) -> None:
    await sink.send(mail("<b>&", "text <script>alert(1)</script>", html="<p>html<script>alert(2)</script></p>"))
    (file,) = sink.files()
    listing = await sink.page.get("/")
    shown = await sink.page.get(f"/mails/{file.name}")
    for response in (listing, shown):
        assert "<b>&" not in response.text
        assert "&lt;b&gt;&amp;" in response.text
        assert "<script" not in response.text
        assert "default-src 'none'" in response.headers["content-security-policy"]
    assert "text &lt;script&gt;" in shown.text
    assert f'<iframe src="/mails/{file.name}/html" sandbox=""' in shown.text
    html = await sink.page.get(f"/mails/{file.name}/html")
    assert html.text.startswith("<p>html<script>")
    policy = [part.strip() for part in html.headers["content-security-policy"].split(";")]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert not [part for part in policy if part.startswith("script-src")]


async def test_a_page_under_another_name_is_not_served(sink: Sink) -> None:
    response = await sink.page.get("/", headers={"host": "evil.example"})
    assert response.status_code == 400


@pytest.mark.parametrize("name", ["..%2Fsecret", "missing.eml", "%2Fetc%2Fpasswd"])
async def test_nothing_but_mails_can_be_read(sink: Sink, name: str) -> None:
    (sink.folder.parent / "secret").write_text("canary")
    for path in (f"/mails/{name}", f"/mails/{name}/html"):
        assert (await sink.page.get(path)).status_code == 404


async def test_odd_mails_do_not_break_the_page(sink: Sink) -> None:
    (sink.folder / "20260101T000000.000000Z-1.eml").write_bytes(b"")
    (sink.folder / "20260101T000000.000000Z-2.eml").write_bytes(b"\xff\xfe\x00 no header at all")
    (sink.folder / "20260101T000000.000000Z-3.eml").write_bytes(
        b"Subject: =?x-nowhere?q?a?=\r\nTo: <<>>,,\r\nDate: never\r\n"
        b"Content-Type: text/plain; charset=x-nowhere\r\n\r\nhidden"
    )
    assert (await sink.page.get("/")).text.count("/mails/") == 3
    for file in sink.files():
        assert (await sink.page.get(f"/mails/{file.name}")).status_code == 200


async def test_it_ends_with_its_supervisor(sink: Sink) -> None:
    sink.lifeline.close()
    assert await asyncio.wait_for(sink.child.wait(), 10) == 0
    assert not living([sink.child.pid])
