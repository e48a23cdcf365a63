"""The topics: which event each carries, who says it, who hears it, and what its key keeps in order."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from shared.events import connection_tests, contacts, files, import_warnings, previews, rows, runs, services
from shared.events.base import Event

DEAD_LETTER_SUFFIX = ".dlq"
"""A record that cannot succeed goes to its topic's name with this suffix."""
DEAD_LETTERS_KEPT = timedelta(days=90)
"""Long enough for somebody to come back, mend the cause and replay them."""
_MIB = 1 << 20
_WEEK = timedelta(days=7)
_ROWS = timedelta(days=3)
"""They are by far the most; a run whose rows were not heard by then is fetched again."""
_ANSWER = timedelta(days=1)
"""Nobody waits for it any more."""


@dataclass(frozen=True)
class Topic:
    """One line of the table.

    `key` says what shares a partition and so stays in order. Records are deleted when they are older than `kept`, and
    never compacted: each says what is new, not all there is. No record is larger than `max_bytes`. Those `for_others`
    are made for other systems; the rest is how the services work together.
    """

    name: str
    event: type[Event]
    said_by: tuple[str, ...]
    heard_by: tuple[str, ...]
    key: Literal["run", "run and chunk", "request", "import", "manager and unique id", "process"]
    kept: timedelta = _WEEK
    max_bytes: int = _MIB
    for_others: bool = False

    @property
    def meaning(self) -> str:
        """Return what its event says, in a sentence or two: the first paragraph about it."""
        return " ".join((self.event.__doc__ or "").split("\n\n")[0].split())

    @property
    def dead_letters(self) -> str:
        """Return the name of the topic's dead-letter topic."""
        return self.name + DEAD_LETTER_SUFFIX


IMPORT_REQUESTED = Topic("import.requested", runs.ImportRequested, ("scheduler",), ("fetcher",), "run")
CHUNK_READY = Topic("chunk.ready", files.ChunkReady, ("fetcher",), ("parser",), "run and chunk")
FILE_FETCHED = Topic("file.fetched", files.FileFetched, ("fetcher",), ("syncer",), "run")
ROWS_PARSED = Topic("rows.parsed", rows.RowsParsed, ("parser",), ("syncer",), "run and chunk", kept=_ROWS)
APPLY_REQUESTED = Topic("apply.requested", runs.ApplyRequested, ("scheduler",), ("syncer",), "run")
IMPORT_PROGRESSED = Topic("import.progressed", runs.ImportProgressed, ("fetcher", "parser"), ("scheduler",), "run")
IMPORT_STOPPED = Topic("import.stopped", runs.ImportStopped, ("fetcher", "parser", "syncer"), ("scheduler",), "run")
IMPORT_CANCELLED = Topic("import.cancelled", runs.ImportCancelled, ("scheduler",), ("fetcher",), "run")
IMPORT_FINISHED = Topic(
    "import.finished", runs.ImportFinished, ("scheduler", "syncer"), ("notifier",), "run", for_others=True
)
CONTACTS_CHANGED = Topic(
    "contacts.changed",
    contacts.ContactsChanged,
    ("syncer",),
    (),
    "manager and unique id",
    max_bytes=8 * _MIB,  # a row of 512 KiB whose every character takes six in JSON, and some room
    for_others=True,
)
IMPORT_WARNED = Topic("import.warned", import_warnings.ImportWarned, ("scheduler",), ("notifier",), "import")
CONNECTION_TEST_REQUESTED = Topic(
    "connection.test.requested",
    connection_tests.ConnectionTestRequested,
    ("web",),
    ("fetcher",),
    "request",
    kept=_ANSWER,
)
CONNECTION_TESTED = Topic(
    "connection.tested", connection_tests.ConnectionTested, ("fetcher",), ("web",), "request", kept=_ANSWER
)
PREVIEW_REQUESTED = Topic(
    "preview.requested", previews.PreviewRequested, ("web",), ("fetcher",), "request", kept=_ANSWER
)
PREVIEW_FETCHED = Topic("preview.fetched", previews.PreviewFetched, ("fetcher",), ("parser",), "request", kept=_ANSWER)
PREVIEW_READY = Topic("preview.ready", previews.PreviewReady, ("parser",), ("web",), "request", kept=_ANSWER)
SERVICE_REPORTED = Topic(
    "service.reported",
    services.ServiceReported,
    ("scheduler", "fetcher", "parser", "syncer", "notifier"),
    ("web",),
    "process",
    kept=_ANSWER,
)

ALL = (
    IMPORT_REQUESTED,
    CHUNK_READY,
    FILE_FETCHED,
    ROWS_PARSED,
    APPLY_REQUESTED,
    IMPORT_PROGRESSED,
    IMPORT_STOPPED,
    IMPORT_CANCELLED,
    IMPORT_FINISHED,
    CONTACTS_CHANGED,
    IMPORT_WARNED,
    CONNECTION_TEST_REQUESTED,
    CONNECTION_TESTED,
    PREVIEW_REQUESTED,
    PREVIEW_FETCHED,
    PREVIEW_READY,
    SERVICE_REPORTED,
)
