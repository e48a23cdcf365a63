"""What the reference model is made of: set-ups, contacts, changes, problems and runs, as plain values."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

APPLIED = ("succeeded", "succeeded_with_errors")


class Ended(Exception):  # noqa: N818 - how a run ends, mostly not an error
    """A run ends here, with nothing changed."""

    def __init__(self, status: str, code: str | None = None) -> None:
        super().__init__(status, code)
        self.status, self.code = status, code


class Problem(NamedTuple):
    """What the run says about a line."""

    line: int | None
    severity: str
    code: str
    unique_id: str | None


@dataclass(frozen=True)
class Limit:
    """A limit of the user's own: refused from this count, or this share of the contacts, on."""

    count: int | None = None
    percent: float | None = None


NO_LIMIT = Limit()


@dataclass(frozen=True)
class Setup:
    """An import as it is saved, but for its name. `source` names a file on the server, or an upload."""

    source: str
    mapping: tuple[tuple[str, str], ...]
    is_upload: bool = False
    key: str = "No"
    generate: bool = False
    has_header: bool = True
    delimiter: str = ","
    trim: bool = True
    encoding: str | None = None
    delete_missing: bool = False
    update_existing: bool = True
    every_time: bool = False
    keep_refused: bool = False
    keep_missing: bool = False
    max_row_errors: int | None = None
    error_email: str = "it@example.com"
    deletes: Limit = NO_LIMIT
    updates: Limit = NO_LIMIT
    adds: Limit = NO_LIMIT
    scheduled: bool = False

    @property
    def compared(self) -> "Setup":
        """What has to be equal for a file to count as unchanged."""
        return replace(self, every_time=False, error_email="", scheduled=False)


@dataclass
class Contact:
    """Values by field, the key's not among them, passwords in clear; an empty value is an absent one."""

    fields: dict[str, str]
    writer: str | None


class Change(NamedTuple):
    """One contact before and after; None: not there. `line` is that of its row."""

    before: dict[str, str] | None
    after: dict[str, str] | None
    line: int | None

    @property
    def kind(self) -> str:
        if self.before is None:
            return "added"
        return "deleted" if self.after is None else "updated"


@dataclass
class Run:
    """A run and how it ended. Runs are called by their labels.

    `rows`: what the file's rows say of contacts in the plan; `seen`: what these contacts were when it was made.
    """

    label: str
    import_label: str
    setup: Setup
    content: bytes | None
    trigger: str = "api"
    dry_run: bool = False
    additions_and_updates_only: bool = False
    approves: str | None = None
    undoes: str | None = None
    status: str = ""
    code: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    plan: dict[str, Change] = field(default_factory=dict)
    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    seen: dict[str, Contact | None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    undone_by: str | None = None
    approved_by: str | None = None

    @property
    def is_applied(self) -> bool:
        return self.status in APPLIED
