"""Who is told of what: recovery, the same failure once a day, and the rows that were left out."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.notifier.adapters.attached_rows import MOST_BYTES, RejectedRows
from shared.events.files import StoredFile
from shared.events.mail_rules import MailRule
from shared.events.runs import ImportFinished, RunCounts, RunError
from shared.ids import new_id
from shared.objects.store import SealedObjects
from shared.sealing import Sealer
from shared.settings import ObjectSettings
from shared.store.problems import Problem, write_problems
from tests.integration.notifier.conftest import Notifiers
from tests.support.smtp_server import ReceivedMail, SmtpServer
from tests.unit.services.notifier.finished import done_with_errors, succeeded
from tests.unit.services.notifier.warned import warned

DAILY = MailRule(to=["boss@example.org"], about=["failed", "refused", "succeeded_with_errors"], repeated="daily")
CLEARTEXT = "s3cret-of-ada"


def subjects(server: SmtpServer) -> list[str]:
    return [str(mail.message["Subject"]) for mail in server.mails]


async def next_run(notifiers: Notifiers, first: ImportFinished, **changes: Any) -> ImportFinished:
    same = {"import_id": first.import_id, "manager_id": first.manager_id, "mails": first.mails}
    wanted = {"error_emails": first.error_emails, "finished_at": notifiers.clock.now()} | same
    return await notifiers.ended_run(**wanted | changes)


async def test_a_run_that_works_after_failures_says_how_many(notifiers: Notifiers) -> None:
    mails = [MailRule(to=["boss@example.org"], about=["recovered"])]
    good: dict[str, Any] = {"status": "succeeded", "error": None, "counts": succeeded().counts}
    async with SmtpServer() as server:
        notify = await notifiers.start(server.url)
        first = await notifiers.ended_run(error_emails=[], mails=mails, **good)
        await notify(first)
        for status in ("failed", "refused", "failed"):
            await notify(await next_run(notifiers, first, status=status))
        await next_run(notifiers, first, status="succeeded", dry_run=True)
        await notify(await next_run(notifiers, first, **good))
        await notify(await next_run(notifiers, first, **good))
    assert subjects(server) == ["Works again after 3 failures: HR file \N{EN DASH} 12 added, 3 updated, 2 deleted"]


async def test_an_approval_is_no_recovery(notifiers: Notifiers) -> None:
    mails = [MailRule(to=["boss@example.org"], about=["recovered", "waiting_for_approval"])]
    async with SmtpServer() as server:
        notify = await notifiers.start(server.url)
        first = await notifiers.ended_run(status="refused", error_emails=[], mails=mails)
        await notify(first)
        await notify(await next_run(notifiers, first, status="succeeded", trigger="approve", error=None))
        await notify(await next_run(notifiers, first, status="succeeded", error=None))
    assert len(server.mails) == 1
    assert subjects(server)[0].startswith("Refused: HR file")


async def test_the_same_failure_is_told_once_and_then_once_a_day(notifiers: Notifiers) -> None:
    async with SmtpServer() as server:
        notify = await notifiers.start(server.url)
        first = await notifiers.ended_run(error_emails=[], mails=[DAILY])
        await notify(first)
        for _ in range(5):
            notifiers.clock.move(hours=4)
            run = await next_run(notifiers, first)
            await notify(run)
            await notify(run)
            await notify(first)
        assert await notify.summaries.note_due_summaries() == 0
        notifiers.clock.move(hours=4)
        assert await notify.summaries.note_due_summaries() == 1
        assert await notify.summaries.note_due_summaries() == 0
        await notify.send()
        notifiers.clock.move(days=3)
        assert await notify.summaries.note_due_summaries() == 0, "nothing happened since"
    told = [subject.partition(":")[0] for subject in subjects(server)]
    assert told == ["Failed", "Still failing"]
    assert "5 more runs failed" in subjects(server)[1]
    assert str(server.mails[1].message["Message-ID"]).startswith("<summary-")


async def test_another_failure_and_recovery_end_what_is_told_once_a_day(notifiers: Notifiers) -> None:
    async with SmtpServer() as server:
        notify = await notifiers.start(server.url)
        first = await notifiers.ended_run(error_emails=[], mails=[DAILY])
        await notify(first)
        other = RunError(code="not_found", message="There is no such file.")
        for changes in (
            {"error": other},
            {"error": other},
            {"status": "succeeded", "error": None},
            {"error": other},
            {"status": "cancelled", "error": None},
            {"error": other},
        ):
            notifiers.clock.move(hours=1)
            await notify(await next_run(notifiers, first, **changes))
        notifiers.clock.move(hours=23)
        assert await notify.summaries.note_due_summaries() == 1
        await notify.send()
    assert [subject.partition(":")[0] for subject in subjects(server)] == [*["Failed"] * 3, "Still failing"]
    assert "1 more run failed" in subjects(server)[3]


@pytest.mark.parametrize("ends", ["succeeded", "failed"])
async def test_a_run_without_daily_rules_ends_what_was_told_once_a_day(notifiers: Notifiers, ends: str) -> None:
    async with SmtpServer() as server:
        notify = await notifiers.start(server.url)
        first = await notifiers.ended_run(error_emails=[], mails=[DAILY])
        await notify(first)
        notifiers.clock.move(days=1)
        await notify(await next_run(notifiers, first, mails=[], status=ends))
        notifiers.clock.move(days=90)
        await notify(await next_run(notifiers, first))
        await notify.summaries.note_due_summaries()
        await notify.send()
    assert [subject.partition(":")[0] for subject in subjects(server)] == ["Failed", "Failed"]


async def test_an_older_run_without_daily_rules_ends_nothing(notifiers: Notifiers) -> None:
    async with SmtpServer() as server:
        notify = await notifiers.start(server.url)
        first = await notifiers.ended_run(error_emails=[], mails=[DAILY])
        await notify(first)
        older = first.finished_at - timedelta(hours=1)
        await notify(await next_run(notifiers, first, mails=[], status="succeeded", finished_at=older))
        notifiers.clock.move(hours=1)
        await notify(await next_run(notifiers, first))
    assert len(server.mails) == 1


async def test_who_is_no_longer_in_a_rule_gets_no_summary(notifiers: Notifiers) -> None:
    async with SmtpServer() as server:
        notify = await notifiers.start(server.url)
        first = await notifiers.ended_run(error_emails=[], mails=[DAILY])
        await notify(first)
        await notify(await next_run(notifiers, first))
        notifiers.clock.move(hours=1)
        await notify(await next_run(notifiers, first, mails=[], status="succeeded", error=None))
        notifiers.clock.move(days=1)
        assert await notify.summaries.note_due_summaries() == 0
        await notify.send()
    assert len(server.mails) == 1


async def test_who_is_told_every_time_gets_each_of_them(notifiers: Notifiers) -> None:
    async with SmtpServer() as server:
        notify = await notifiers.start(server.url)
        first = await notifiers.ended_run(mails=[DAILY])
        await notify(first)
        notifiers.clock.move(hours=1)
        await notify(await next_run(notifiers, first))
    assert [mail.recipients for mail in server.mails] == [("ops@example.org", "boss@example.org"), ("ops@example.org",)]
    assert [str(mail.message["To"]) for mail in server.mails] == ["undisclosed-recipients:;", "ops@example.org"]


async def test_people_of_one_rule_see_each_other_and_those_of_several_do_not(notifiers: Notifiers) -> None:
    pair = ["a@example.org", "b@example.org"]
    one = MailRule(to=pair, about=["failed", "file_late"], repeated="daily")
    other = MailRule(to=["c@example.org"], about=["failed", "file_late"])
    async with SmtpServer() as server:
        notify = await notifiers.start(server.url)
        for mails in ([one], [one, other]):
            first = await notifiers.ended_run(error_emails=[], mails=mails)
            await notify(first)
            await notify(await next_run(notifiers, first))
            about = {"import_id": first.import_id, "manager_id": first.manager_id}
            await notify(warned(event_id=new_id(), error_emails=[], mails=mails, **about))
        notifiers.clock.move(days=1)
        assert await notify.summaries.note_due_summaries() == 2
        await notify.send()
    told = [(mail.recipients, str(mail.message["To"])) for mail in server.mails]
    together = (tuple(pair), "a@example.org, b@example.org")
    of_both = (("c@example.org", *pair), "undisclosed-recipients:;")
    assert told == [together, together, of_both, (("c@example.org",), "c@example.org"), of_both, together, together]


async def test_two_notifiers_note_one_summary(notifiers: Notifiers) -> None:
    async with SmtpServer() as server:
        one, other = [await notifiers.start(server.url) for _ in range(2)]
        first = await notifiers.ended_run(error_emails=[], mails=[DAILY])
        await one(first)
        await other(await next_run(notifiers, first))
        notifiers.clock.move(days=1)
        assert await one.summaries.note_due_summaries() + await other.summaries.note_due_summaries() == 1


async def test_nobody_is_told_of_an_import_that_was_deleted(notifiers: Notifiers) -> None:
    async with SmtpServer() as server:
        notify = await notifiers.start(server.url)
        first = await notifiers.ended_run(error_emails=[], mails=[DAILY])
        await notify(first)
        await notify(await next_run(notifiers, first))
        await notifiers.db.execute("UPDATE imports SET deleted_at = now() WHERE id = $1", first.import_id)
        notifiers.clock.move(days=1)
        assert await notify.summaries.note_due_summaries() == 1
        assert await notify.summaries.note_due_summaries() == 0
        await notify.send()
    assert len(server.mails) == 1


async def test_rules_hold_for_warnings_too(notifiers: Notifiers) -> None:
    run = await notifiers.ended_run()
    rule = MailRule(to=["boss@example.org"], about=["file_late"])
    about = {"import_id": run.import_id, "manager_id": run.manager_id, "error_emails": [], "mails": [rule]}
    async with SmtpServer() as server:
        notify = await notifiers.start(server.url)
        await notify(warned(event_id=new_id(), **about))
        await notify(warned(event_id=new_id(), warning="schedule_paused", **about))
    assert [mail.recipients for mail in server.mails] == [("boss@example.org",)]


SETUP = {
    "source": {"kind": "upload", "object_key": "x", "name": "people.csv", "bytes": 1},
    "mapping": [{"column": "No", "field": 1}, {"column": "Password", "field": 2}],
    "unique_id": {"field": 1},
    "name": "HR file",
    "manager_name": "Staff",
    "fields": [{"number": 1, "name": "No", "kind": "text"}, {"number": 2, "name": "Password", "kind": "password"}],
    "scheduled": False,
}


async def with_file(notifiers: Notifiers, objects: SealedObjects, lines: list[str]) -> ImportFinished:
    """Return a run that left out all rows of its stored file."""
    counts = RunCounts(read=len(lines), rejected=len(lines))
    event = await notifiers.ended_run(**dict(done_with_errors(counts=counts)) | new_ids())
    header, rows = "No,Password\n", [f"{line}\n" for line in lines]
    content = (header + "".join(rows)).encode()
    async with objects.write(f"files/{event.run_id}") as writer:
        await writer.write(content)
    stored = StoredFile(
        object_key=f"files/{event.run_id}",
        name="people.csv",
        bytes=len(content),
        sha256="0" * 64,
        encoding="utf-8",
        text_bytes=len(content),
    )
    await notifiers.db.execute(
        "UPDATE runs SET setup = $2, stored = $3 WHERE id = $1", event.run_id, SETUP, stored.model_dump(mode="json")
    )
    at, problems = len(header), []
    for number, row in enumerate(rows):
        size = len(row.encode())
        problems.append(Problem(number + 2, "error", "x", "It is wrong.", row_offset=at, row_length=size))
        at += size
    await write_problems(notifiers.db, event.run_id, problems)
    return event


def new_ids() -> dict[str, UUID]:
    return {name: new_id() for name in ("run_id", "import_id", "manager_id")}


def attached(mail: ReceivedMail) -> bytes | None:
    return next((bytes(part.get_payload(decode=True)) for part in mail.message.iter_attachments()), None)


async def test_rows_that_were_left_out_are_attached_without_passwords(notifiers: Notifiers, tmp_path: Any) -> None:
    objects = SealedObjects.from_settings(ObjectSettings(url=f"file://{tmp_path}"), Sealer([bytes(32)]))
    async with SmtpServer() as server:
        notify = await notifiers.start(server.url, rows=RejectedRows(objects, 1000))
        few = await with_file(notifiers, objects, [f"=1+1,{CLEARTEXT}", f"B,{CLEARTEXT}"])
        await notify(few)
        await notify(await with_file(notifiers, objects, [f"{number},{CLEARTEXT}" for number in range(1001)]))
        await notify(await with_file(notifiers, objects, [f"{'x' * 50_000}{number}," for number in range(20)]))
        await notify(await with_file(notifiers, objects, ["y" * (MOST_BYTES + 1)]))
        gone = await with_file(notifiers, objects, ["A,"])
        await objects.delete(f"files/{gone.run_id}")
        await notify(gone)
    first, thousand, large, giant, lost = server.mails
    data = attached(first)
    assert data is not None
    lines = data.decode("utf-8-sig").splitlines()
    assert lines == ['No,Password,Line,"Reason"', '"\'=1+1",,2,"It is wrong."', 'B,,3,"It is wrong."']
    assert all(CLEARTEXT.encode() not in mail.raw for mail in server.mails)
    data = attached(thousand)
    assert data is not None
    assert len(data.splitlines()) == 1001
    assert "The first 1,000 of 1,001 rows with errors are attached" in text_of(thousand)
    data = attached(large)
    assert data is not None
    assert len(data) <= MOST_BYTES
    assert "The first 5 of 20 rows" in text_of(large)
    assert attached(giant) is None
    assert attached(lost) is None


def text_of(mail: ReceivedMail) -> str:
    part = mail.message.get_body(["plain"])
    assert part is not None
    return str(part.get_content())
