"""Whether an import makes sense, by the rules, and what is stored of it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.web.forms.credentials import Credentials
from services.web.forms.import_input import ImportInput, RemoteInput, ScheduleInput
from services.web.forms.input_errors import ErrorList
from services.web.forms.mail_checks import checked_emails, checked_mail_rules
from services.web.forms.mapping_checks import checked_mapping
from services.web.forms.remote_source import checked_remote
from shared.errors import UserError
from shared.events.set_up import RemoteSource, UploadedSource
from shared.ids import new_id
from shared.postgres.database import Connection
from shared.rules.changed_schedule import carried_over, keeps_times
from shared.rules.dialect import Dialect, validate_dialect
from shared.rules.due import next_due, next_file_due
from shared.rules.kinds import Notation, validate_notation
from shared.rules.recurrence import Schedule, next_occurrence, validate
from shared.sealing import Sealer
from shared.store.imports import ImportDraft, SavedImport
from shared.store.managers import get_manager
from shared.store.set_ups import ImportSetup, Options
from shared.store.uploads import uploaded_source

_MOST_BYTES = 256 * 1024
"""A run takes its set-up along in one event, which the broker takes up to 1 MiB of."""


@dataclass(frozen=True)
class ImportDesk:
    """What it takes to judge an import and to seal its secrets."""

    connection: Connection
    sealer: Sealer
    now: datetime


async def draft_import(
    desk: ImportDesk, wanted: ImportInput, *, kept: Credentials | None = None, saved: SavedImport | None = None
) -> ImportDraft:
    """Return what is to be stored; InvalidInputError with all that is wrong.

    `kept` are credentials that count where none were given; `saved` is the import that is edited.
    """
    errors = ErrorList()
    if saved is not None and saved.manager_id != wanted.manager_id:
        raise UserError(
            "manager_fixed", "An import stays with its contact manager; make a new one.", field="manager_id"
        )
    source: RemoteSource | UploadedSource | None = None
    with errors.check():
        if isinstance(wanted.source, RemoteInput):
            source = checked_remote(wanted.source, kept or Credentials(), desk.sealer, errors)
        else:
            source = await uploaded_source(desk.connection, wanted.source.upload_id)
    options = _checked_options(wanted, errors)
    try:
        manager = await get_manager(desk.connection, wanted.manager_id)
    except UserError as error:
        raise error.at("manager_id") from error
    mapping, unique_id = checked_mapping(manager, wanted, errors)
    if len(wanted.model_dump_json()) > _MOST_BYTES:
        message = "The set-up is too large: shorten the names of columns, or map fewer of them."
        errors.add("set_up_too_large", message, "mapping")
    schedule = None
    if wanted.schedule is not None:
        if source is not None and source.kind != "remote":
            message = "Only a file from network or internet can be put on a schedule."
            errors.add("schedule_needs_remote", message, "schedule")
        schedule = _checked_schedule(wanted.schedule, errors, before=saved.schedule if saved else None, now=desk.now)
    errors.raise_any()
    assert source is not None
    assert unique_id is not None
    import_id, pause = (saved.id, saved.pause) if saved else (new_id(), None)
    next_run_at = next_due(schedule, import_id, desk.now, pause) if schedule else None
    file_due_at = next_file_due(schedule, desk.now, pause) if schedule else None
    if saved is not None and schedule is not None and saved.schedule is not None:
        # They may be due this moment, and must not be skipped.
        if saved.schedule == schedule:
            next_run_at, file_due_at = saved.next_run_at, saved.file_due_at
        elif keeps_times(saved.schedule, schedule):
            next_run_at = _carried_over(saved, saved.schedule, schedule, desk.now)
    return ImportDraft(
        id=import_id,
        manager_id=wanted.manager_id,
        name=wanted.name,
        setup=ImportSetup(source=source, options=options, mapping=mapping, unique_id=unique_id),
        schedule=schedule,
        next_run_at=next_run_at,
        file_due_at=file_due_at,
    )


def _carried_over(saved: SavedImport, before: Schedule, after: Schedule, now: datetime) -> datetime | None:
    awaited = saved.next_run_at
    if awaited is not None and awaited == saved.retry_at:
        if awaited <= now:
            return awaited
        awaited = None
    return carried_over(before, after, saved.id, awaited, now=now, pause=saved.pause)


def _checked_options(wanted: ImportInput, errors: ErrorList) -> Options:
    options = wanted.options
    with errors.check():
        validate_dialect(
            Dialect(
                options.delimiter,
                options.quote,
                has_header=options.has_header,
                encoding=options.encoding,
                skip_lines=options.skip_lines,
                comment=options.comment,
            )
        )
    with errors.check():
        validate_notation(Notation(options.phone_region, options.decimal_separator, options.date_format))
    emails = checked_emails(options.error_emails, "options.error_emails", errors)
    mails = checked_mail_rules(options.mails, "options.mails", errors)
    return Options(**options.model_dump() | {"error_emails": emails, "mails": mails})


def _checked_schedule(wanted: ScheduleInput, errors: ErrorList, *, before: Schedule | None, now: datetime) -> Schedule:
    schedule = wanted.schedule()
    with errors.check("schedule"):
        validate(schedule)
        before_all = schedule.start.replace(tzinfo=UTC) - timedelta(days=2)
        if schedule.policy.file_by is not None and next_file_due(schedule, before_all) is None:
            message = "No run of this schedule is due by that time on any day; give a later one"
            raise UserError("schedule_policy", message, field="schedule.file_by")
        if schedule != before and next_occurrence(schedule, now) is None:
            once = schedule.rrule is None
            message = "This time has passed" if once else "The last time of this schedule has passed"
            raise UserError("schedule_over", message, field=f"schedule.{'start' if once else 'until'}")
    return schedule
