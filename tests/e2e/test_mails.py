"""Mails by the rules of an import, through all services: recovery, the rows that were left out, a test mail."""

import email.policy
import secrets
from email.message import EmailMessage
from email.parser import BytesParser

import httpx

from tests.e2e.test_rejected_rows import FIELDS, HEADER, MAPPING, sign_in
from tests.support.imports import Importing, Json, set_up_import, sftp_source
from tests.support.sftp_server import SftpServer
from tests.support.stack import Stack
from tests.support.waiting import until

DEADLINE = 30
PASSWORD = "pw-of-two"


async def mail_with(stack: Stack, **head: str) -> EmailMessage:
    """Wait for a mail whose head has these values in it, and return it."""
    parser: BytesParser[EmailMessage] = BytesParser(EmailMessage, policy=email.policy.default)

    def found() -> EmailMessage | None:
        for file in stack.mail_folder.glob("*.eml"):
            message = parser.parsebytes(file.read_bytes())
            if all(value in str(message[name.replace("_", "-")]) for name, value in head.items()):
                return message
        return None

    return await until(found, within=DEADLINE, what=f"a mail with {head} comes")


async def of_run(stack: Stack, run: Json) -> EmailMessage:
    return await mail_with(stack, Message_ID=run["id"])


async def test_mails_say_what_became_of_an_import(embedded_stack: Stack, sftp: SftpServer) -> None:
    stack, name = embedded_stack, f"{secrets.token_hex(6)}.csv"
    file = sftp.folder / name
    boss, team = "boss@example.com", "team@example.com"
    rules = [
        {"to": [boss], "about": ["recovered"]},
        {"to": [team], "about": ["failed", "succeeded_with_errors"], "repeated": "daily"},
    ]
    async with stack.client() as client:
        file.write_text(f"{HEADER}\n1,Zoë,a@example.com,pw-one,x\n2,Two,nobody,{PASSWORD},=1+1\n", encoding="utf-8")
        options = {"error_emails": [], "mails": rules, "every_time": True}
        importing = await set_up_import(
            client, sftp_source(sftp, name), fields=FIELDS, mapping=MAPPING, options=options
        )
        await has_rows_attached(stack, importing)
        file.unlink()
        first = await importing.run()
        assert first["status"] == "failed"
        assert str((await of_run(stack, first))["To"]) == team
        second = await importing.run()
        file.write_text(f"{HEADER}\n1,Zoë,a@example.com,pw-one,x\n", encoding="utf-8")
        recovered = await of_run(stack, await importing.run())
    assert str(recovered["To"]) == boss
    assert str(recovered["Subject"]).startswith("Works again after 2 failures: HR file")
    told = [path.read_text() for path in stack.mail_folder.glob("*.eml")]
    assert not any(f"run-{second['id']}@" in mail for mail in told), "the same again is told of once a day"


async def has_rows_attached(stack: Stack, importing: Importing) -> None:
    mail = await of_run(stack, await importing.run())
    assert str(mail["Subject"]).startswith("Done with 1 error: HR file \N{EN DASH} 1 added, 1 left out")
    (attached,) = mail.iter_attachments()
    table = bytes(attached.get_payload(decode=True)).decode("utf-8-sig")
    assert table.startswith(f'{HEADER},Line,"Reason"\n2,Two,nobody,,"\'=1+1",3,"')
    assert PASSWORD not in table + str(mail)


async def test_an_admin_sends_a_test_mail(embedded_stack: Stack) -> None:
    address = f"{secrets.token_hex(6)}@example.com"
    async with httpx.AsyncClient(base_url=embedded_stack.url) as browser:
        await sign_in(browser, embedded_stack)
        page = (await browser.get("/operations")).text
        token = page.partition('name="csrf" value="')[2].partition('"')[0]
        answer = await browser.post("/operations/test-mail", data={"csrf": token, "address": address})
        assert answer.status_code == 303
        mail = await mail_with(embedded_stack, To=address)
        assert str(mail["Subject"]).startswith("Test mail")

        async def told() -> bool:
            row = (await browser.get("/operations")).text.partition(f"<td>{address}</td>")[2].partition("</tr>")[0]
            return "The mail server took it" in row

        await until(told, within=DEADLINE, what="the page says that it was taken")
