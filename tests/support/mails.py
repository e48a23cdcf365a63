"""What the mail sink of a stack has taken."""

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from tests.support.stack import Stack
from tests.support.waiting import until


async def mail_about(stack: Stack, run_id: str) -> EmailMessage:
    """Wait for the one mail about a run, and return it."""
    mails = await until(lambda: mails_about(stack, run_id), within=20, what="a mail about the run")
    assert len(mails) == 1
    return mails[0]


def mails_about(stack: Stack, run_id: str) -> list[EmailMessage]:
    """Return the mails about a run that have come so far."""
    parser = BytesParser(EmailMessage, policy=policy.default)
    mails = [parser.parsebytes(file.read_bytes()) for file in sorted(stack.mail_folder.glob("*.eml"))]
    return [mail for mail in mails if run_id in str(mail["Message-ID"])]
