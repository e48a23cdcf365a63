"""The last step: the mails that went out, one for each run that somebody has to look at."""

import time
from collections import Counter
from pathlib import Path
from typing import Final

from rich.markup import escape
from rich.panel import Panel

from services.cli.demo.desk import ERROR_EMAIL, Desk
from services.cli.demo.step import Facts, Step
from services.cli.embedded.mail_folder import Mail, MailFolder

WANTED: Final = ("refused", "succeeded_with_errors", "failed")
"""The status of each run that a mail is due for, in the order the demo makes them."""

_PATIENCE_SECONDS = 20.0
_LOOK_SECONDS = 0.05


def mail_step(desk: Desk, folder: Path) -> Step:
    """Return the step; by then the runs have been made, and their mails lie in `folder` or are on the way."""
    return Step(
        "The mails that went out",
        f"One for each run that was refused, left lines out, or failed, to {ERROR_EMAIL}; none for the others. A "
        "local mail sink took them.",
        tuple(f"{status}: 1 mail to {ERROR_EMAIL}" for status in WANTED),
        lambda: _show_mails(desk, folder),
    )


def _show_mails(desk: Desk, folder: Path) -> Facts:
    """Wait until as many mails as are due are there, and show the first."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while len(found := _mails_by_run(desk, MailFolder(folder))) < len(WANTED) and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
    for _, mail in found:
        desk.say(f"{mail.date}  to {mail.recipients}: {mail.subject}")
    if found:
        _, mail = found[0]
        text = f"From: {mail.sender}\nTo: {mail.recipients}\nSubject: {mail.subject}\n\n{(mail.text or '').strip()}"
        desk.console.print(Panel(escape(text), title="The first of them, as text", title_align="left"))
    number = Counter((status, mail.recipients) for status, mail in found)
    return tuple(f"{status}: {count} mail{'s' * (count > 1)} to {to}" for (status, to), count in number.items())


def _mails_by_run(desk: Desk, folder: MailFolder) -> list[tuple[str, Mail]]:
    """Return the mails about runs of this demo with the run's status, by run: each links to its run's page."""
    mails = [mail for name in reversed(folder.names()) if (mail := folder.mail(name)) is not None]
    return [(run["status"], mail) for run in desk.runs for mail in mails if run["id"] in (mail.text or "")]
