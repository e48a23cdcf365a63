"""Imports as they come in: the shape, not yet the sense; `import_checks.py` judges that."""

from datetime import datetime, time
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, SecretStr

from services.web.forms.input_part import InputPart
from services.web.forms.limits_input import LimitsInput
from services.web.forms.mail_rules_input import MailRuleInput
from services.web.forms.text import Name, Text
from shared.rules.letter_case import Case
from shared.rules.recurrence import MOST_RUNS, Schedule
from shared.rules.schedule_policy import NO_POLICY, SchedulePolicy

_DATE_LENGTH = len("2026-12-31")


def _end_of_day(value: object) -> object:
    return f"{value}T23:59:59" if isinstance(value, str) and len(value) == _DATE_LENGTH else value


def _column(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _is_absent(value: object) -> bool:
    return value is None


class RemoteInput(InputPart):
    """A file on a server."""

    kind: Literal["remote"]
    url: Annotated[Text, Field(max_length=4000, description="`scheme://host[:port]/path`, with `/` only")]
    login: Annotated[Text, Field(max_length=500)] | None = None
    password: Annotated[SecretStr, Field(max_length=4000)] | None = None
    private_key: Annotated[SecretStr, Field(max_length=50_000, description="OpenSSH or PEM")] | None = None
    passphrase: Annotated[SecretStr, Field(max_length=4000, description="Opens the private key")] | None = None
    bearer_token: Annotated[SecretStr, Field(max_length=8000, description="http and https, without a login")] | None = (
        None
    )
    headers: Annotated[dict[str, SecretStr], Field(description="http and https; values are never read back")] | None = (
        None
    )
    host_key: Annotated[Text, Field(description="Null: the first key seen is kept")] | None = None
    ca_certificate: Annotated[Text, Field(max_length=200_000, description="PEM")] | None = None


class UploadInput(InputPart):
    """A file that was uploaded before."""

    kind: Literal["upload"]
    upload_id: UUID


class OptionsInput(InputPart):
    """How the file is read and what a run does."""

    has_header: bool = True
    delimiter: Text = ","
    quote: Text = '"'
    skip_lines: Annotated[int, Field(description="Physical lines before the table")] = 0
    comment: Annotated[Text, Field(description="Lines that begin with this sign are passed over")] | None = None
    trim: bool = True
    encoding: Text | None = None
    delete_missing: bool = False
    update_existing: bool = True
    every_time: bool = False
    error_emails: list[Text] = Field(default_factory=list, max_length=50)
    mails: list[MailRuleInput] = Field(
        default_factory=list, max_length=20, description="Who else is told of what", exclude_if=lambda rules: not rules
    )
    phone_region: Text | None = None
    decimal_separator: Text = "."
    date_format: Annotated[Text, Field(max_length=100)] = "%Y-%m-%d"
    refused_values: Annotated[
        Literal["reject", "keep"],
        Field(description="What a field's kind refuses: a row error, or a warning that keeps the stored value"),
    ] = "reject"
    missing_columns: Annotated[
        Literal["fail", "keep"],
        Field(description="A mapped column, not the key's, that the file lacks: fails, or keeps the stored values"),
    ] = "fail"
    expected_columns: (
        Annotated[int, Field(ge=1, description="Of a file without a header: another number of columns fails the run")]
        | None
    ) = None
    max_row_errors: Annotated[int, Field(ge=0, description="More row errors than this fail the run")] | None = None
    max_row_error_percent: (
        Annotated[
            float, Field(ge=0, le=100, description="A larger share of rows with errors fails the run, from 100 rows up")
        ]
        | None
    ) = None
    limits: LimitsInput = LimitsInput()


class MappingInput(InputPart):
    """A column, by header name, or by number from 1 without a header, and the field it fills.

    Without a column every row gets the constant.
    """

    column: Annotated[Annotated[Text, BeforeValidator(_column)] | None, BeforeValidator(_column)] = None
    field: Text
    case: Annotated[Case | None, Field(description="What becomes of its letters", exclude_if=_is_absent)] = None
    constant: Annotated[Text | None, Field(max_length=4000, exclude_if=_is_absent)] = None


class UniqueIdInput(InputPart):
    """The key field, and whether each row gets a fresh random code in it."""

    field: Text
    generate: bool = False


class ScheduleInput(InputPart):
    """When runs are due, in wall-clock time of a zone; an `until` without a time means the end of that day."""

    start: datetime
    time_zone: Text
    rrule: Annotated[
        Text | None, Field(description="RFC 5545, at least 5 minutes apart; null: once. It may name its end itself")
    ] = None
    until: Annotated[datetime | None, BeforeValidator(_end_of_day)] = None
    count: Annotated[int | None, Field(description=f"At most {MOST_RUNS:,}")] = None
    # What is left at its default is not read back: the schedule then looks as it was sent.
    spread_minutes: Annotated[
        int,
        Field(
            description="Begin up to so many minutes later, each import always as much, so that not all begin at once",
            exclude_if=lambda minutes: minutes == NO_POLICY.spread_minutes,
        ),
    ] = NO_POLICY.spread_minutes
    retry_minutes: Annotated[
        int | None,
        Field(description="Again so many minutes after a scheduled run failed", exclude_if=_is_absent),
    ] = None
    retries: Annotated[
        int,
        Field(
            description="So many times at most, and not past the next due time",
            exclude_if=lambda number: number == NO_POLICY.retries,
        ),
    ] = NO_POLICY.retries
    pause_after_failures: Annotated[
        int | None,
        Field(
            description="Pause, with a mail, after so many scheduled runs in a row that failed or were refused",
            exclude_if=_is_absent,
        ),
    ] = None
    file_by: Annotated[
        time | None,
        Field(
            description="On days with a due time: a mail where no new file has come by then, by the zone's clock",
            exclude_if=_is_absent,
        ),
    ] = None

    def schedule(self) -> Schedule:
        """Return the schedule as it is followed; whether it can be is for `validate` to say."""
        policy = SchedulePolicy(
            self.spread_minutes, self.retry_minutes, self.retries, self.pause_after_failures, self.file_by
        )
        return Schedule(self.start, self.time_zone, self.rrule, self.until, self.count, policy)

    @classmethod
    def of(cls, schedule: Schedule) -> Self:
        """Return a schedule as it was put in."""
        policy = schedule.policy
        return cls(
            start=schedule.start,
            time_zone=schedule.time_zone,
            rrule=schedule.rrule,
            until=schedule.until,
            count=schedule.count,
            spread_minutes=policy.spread_minutes,
            retry_minutes=policy.retry_minutes,
            retries=policy.retries,
            pause_after_failures=policy.pause_after_failures,
            file_by=policy.file_by,
        )


class PauseInput(InputPart):
    """A pause, by the clock of the schedule's zone; without a `from` it begins now, without an `until` it lasts."""

    begins: Annotated[datetime | None, Field(alias="from")] = None
    until: Annotated[datetime | None, BeforeValidator(_end_of_day)] = None


class ImportInput(InputPart):
    """An import to be made, or what one is to be."""

    name: Name
    manager_id: UUID
    source: Annotated[RemoteInput | UploadInput, Field(discriminator="kind")]
    options: OptionsInput = OptionsInput()
    mapping: Annotated[list[MappingInput], Field(min_length=1, max_length=1000)]
    unique_id: UniqueIdInput
    schedule: ScheduleInput | None = None
