"""A change of what is set up, under way: in which transaction, by whom, and when."""

from dataclasses import dataclass
from datetime import datetime

from shared.postgres.database import Connection
from shared.store.audit_log import Actor, AuditObject, Details, record


@dataclass(frozen=True)
class Change:
    """What it takes to change something and to note it in the audit log, in one transaction."""

    connection: Connection
    by: Actor
    now: datetime

    async def note(self, what: str, about: AuditObject, details: Details | None = None) -> None:
        """Write the entry."""
        await record(self.connection, self.by, what, about, details, now=self.now)
