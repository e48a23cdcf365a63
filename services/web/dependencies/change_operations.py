"""What admins do to the whole system, noted in the audit log; for the API and the pages."""

from typing import Final
from uuid import UUID

from services.web.dependencies.change import Change
from services.web.dependencies.resources import Resources
from shared.errors import TransientError, UserError
from shared.kafka.dead_letters import DeadLetter, find_dead_letter, find_topic, import_of, say_again, starts_a_run
from shared.rules.kinds import Kind, Notation, check
from shared.rules.trimming import trim
from shared.store import applies_pause as store
from shared.store.audit_log import Actor, AuditObject
from shared.store.mail_tests import ask_for_mail_test
from shared.store.runs import request_run

_SYSTEM: Final = AuditObject("system", UUID(int=0), "The whole system")
_WHO: Final = "web"

BROKER_UNAVAILABLE: Final = TransientError("broker_unavailable", "The broker can't be reached just now; try again.")


async def pause_applies(change: Change, reason: str) -> None:
    """Let no run write; UserError `applies_paused` where that is so already."""
    await store.pause_applies(change.connection, reason=reason, login=change.by.login, now=change.now)
    await change.note("applies.paused", _SYSTEM, {"reason": {"before": None, "after": reason}} if reason else {})


async def resume_applies(change: Change) -> None:
    """Let runs write again; UserError `applies_not_paused`."""
    await store.resume_applies(change.connection, now=change.now)
    await change.note("applies.resumed", _SYSTEM)


async def send_test_mail(change: Change, address: str) -> None:
    """Have a mail sent that shows whether mails arrive; UserError `email_invalid`."""
    address = trim(address)
    if not address or check(Kind.EMAIL, address, Notation()):
        raise UserError("email_invalid", f'"{address}" is not an e-mail address.', field="address")
    await ask_for_mail_test(change.connection, address, now=change.now)
    await change.note("mail.tested", _SYSTEM, {"address": {"before": None, "after": address}})


async def replay_dead_letter(
    resources: Resources, by: Actor, topic: str, partition: int, offset: int
) -> tuple[DeadLetter, UUID | None]:
    """Handle a record that was set aside once more; returns it, and the run that it began where it was of one.

    UserError `unknown_topic`, `dead_letter_not_found`, `record_unreadable`, and those of `request_run`.
    """
    letter = await find_dead_letter(resources.settings.kafka, find_topic(topic), partition, offset, who=_WHO)
    # The broker is never waited for inside a transaction.
    if not starts_a_run(letter):
        await say_again(resources.settings.kafka, letter, who=_WHO)
    run_id = None
    async with resources.change(by) as change:
        if starts_a_run(letter):
            run_id = await request_run(
                change.connection, import_of(letter), trigger="now", now=change.now, account_id=by.account_id
            )
        place = f"{letter.topic.name}, partition {partition}, offset {offset}"
        await change.note("dead_letter.replayed", _SYSTEM, {"record": {"before": None, "after": place}})
    return letter, run_id
