"""The topics: which event each carries, who says it, who hears it, and what its key keeps in order."""

from dataclasses import dataclass
from typing import Literal

from shared.events import connection_tests, contacts, files, import_warnings, previews, rows, runs, services
from shared.events.base import Event

DEAD_LETTER_SUFFIX = ".dlq"
"""A record that cannot succeed goes to its topic's name with this suffix."""


@dataclass(frozen=True)
class Topic:
    """One line of the table; `key` says what shares a partition and so stays in order."""

    name: str
    event: type[Event]
    said_by: tuple[str, ...]
    heard_by: tuple[str, ...]
    key: Literal["run", "run and chunk", "request", "import", "manager and unique id", "process"]

    @property
    def dead_letters(self) -> str:
        """Return the name of the topic's dead-letter topic."""
        return self.name + DEAD_LETTER_SUFFIX


IMPORT_REQUESTED = Topic("import.requested", runs.ImportRequested, ("scheduler",), ("fetcher",), "run")
CHUNK_READY = Topic("chunk.ready", files.ChunkReady, ("fetcher",), ("parser",), "run and chunk")
FILE_FETCHED = Topic("file.fetched", files.FileFetched, ("fetcher",), ("syncer",), "run")
ROWS_PARSED = Topic("rows.parsed", rows.RowsParsed, ("parser",), ("syncer",), "run and chunk")
APPLY_REQUESTED = Topic("apply.requested", runs.ApplyRequested, ("scheduler",), ("syncer",), "run")
IMPORT_PROGRESSED = Topic("import.progressed", runs.ImportProgressed, ("fetcher", "parser"), ("scheduler",), "run")
IMPORT_STOPPED = Topic("import.stopped", runs.ImportStopped, ("fetcher", "parser", "syncer"), ("scheduler",), "run")
IMPORT_CANCELLED = Topic("import.cancelled", runs.ImportCancelled, ("scheduler",), ("fetcher",), "run")
IMPORT_FINISHED = Topic("import.finished", runs.ImportFinished, ("scheduler", "syncer"), ("notifier",), "run")
CONTACTS_CHANGED = Topic("contacts.changed", contacts.ContactsChanged, ("syncer",), (), "manager and unique id")
IMPORT_WARNED = Topic("import.warned", import_warnings.ImportWarned, ("scheduler",), ("notifier",), "import")
CONNECTION_TEST_REQUESTED = Topic(
    "connection.test.requested", connection_tests.ConnectionTestRequested, ("web",), ("fetcher",), "request"
)
CONNECTION_TESTED = Topic("connection.tested", connection_tests.ConnectionTested, ("fetcher",), ("web",), "request")
PREVIEW_REQUESTED = Topic("preview.requested", previews.PreviewRequested, ("web",), ("fetcher",), "request")
PREVIEW_FETCHED = Topic("preview.fetched", previews.PreviewFetched, ("fetcher",), ("parser",), "request")
PREVIEW_READY = Topic("preview.ready", previews.PreviewReady, ("parser",), ("web",), "request")
SERVICE_REPORTED = Topic(
    "service.reported",
    services.ServiceReported,
    ("scheduler", "fetcher", "parser", "syncer", "notifier"),
    ("web",),
    "process",
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
