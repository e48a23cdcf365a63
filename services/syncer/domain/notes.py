"""What looks unusual about a plan: said on the run's page, without a yellow mark and without a mail."""

from services.syncer.domain.verdict import GUARD_PERCENT, PlanFacts, guard_would_refuse_on_schedule
from shared.events.runs import RunNote

_FROM_CONTACTS = 20
"""Below so many contacts a large share is nothing unusual."""
_MANY_DELETED_PERCENT = 20
_MANY_UPDATED_PERCENT = 75


def notes_on(facts: PlanFacts) -> list[RunNote]:
    """Return the notes, the gravest first."""
    notes: list[RunNote] = []
    contacts, counts = facts.contacts, facts.counts
    if facts.dry_run and guard_would_refuse_on_schedule(facts):
        message = (
            f"On a schedule it would be refused: {GUARD_PERCENT} % or less of the {contacts:,} contacts in the manager "
            "are in the file, so nearly all would be deleted."
        )
        notes.append(RunNote(code="refused_on_schedule", message=message))
    if contacts < _FROM_CONTACTS:
        return notes
    if not facts.found and not facts.generated_keys:
        message = "Not one of the contacts is in the file: has the column of the unique identifier changed?"
        notes.append(RunNote(code="none_known", message=message))
    if counts.deleted * 100 >= contacts * _MANY_DELETED_PERCENT:
        message = f"{counts.deleted:,} of {contacts:,} contacts are not in the file and are deleted."
        notes.append(RunNote(code="many_deleted", message=message))
    if counts.updated * 100 >= contacts * _MANY_UPDATED_PERCENT:
        message = f"{counts.updated:,} of {contacts:,} contacts change: has a column moved or changed its meaning?"
        notes.append(RunNote(code="many_updated", message=message))
    if counts.added >= contacts:
        message = f"{counts.added:,} contacts are new, as many as there were or more."
        notes.append(RunNote(code="many_added", message=message))
    return notes
