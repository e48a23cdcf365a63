"""What a mail says of a run, in words: what happened, why, what it did to the contacts, what to do next."""

from dataclasses import dataclass
from typing import Final, Literal

from services.notifier.domain.text import counted, first_clause, one_line
from shared.events.runs import ImportFinished, RunCounts

_SHORT_REASONS: Final = {
    "guard_ten_percent": "10 % or less of the contacts are in the file",
    "record_rejected": "an internal step could not be done",
}
"""For subjects, where a message's first words would not do."""

_DASH: Final = "\N{EN DASH}"
_AGAIN: Final = (
    "An import with a schedule is tried again at its next time; “Import now” on the import's page does so at once."
)
_NOTHING_TO_DO: Final = "There is nothing to do."


@dataclass(frozen=True)
class Wording:
    """The words of one mail; `why` is None where the list of problems says it, or there is nothing to explain."""

    tone: Literal["good", "warning", "bad"]
    subject: str
    headline: str
    why: str | None
    contacts: str
    next_step: str


def word(event: ImportFinished, failures: int = 0) -> Wording:
    """Return what to say of a run; `failures`: how many right before it failed or were refused, which this one ends."""
    name = one_line(event.import_name, 80)
    if event.status == "succeeded_with_errors":
        return _done_with_errors(event, name, failures)
    if event.status in {"succeeded", "unchanged"}:
        return _done(event, name, failures)
    if event.status == "planned":
        return _waiting(event, name)
    refused = event.status == "refused"
    short, why = short_reason(event), reason(event)
    return Wording(
        tone="warning" if refused else "bad",
        subject=f"{'Refused' if refused else 'Failed'}: {name} {_DASH} {short} ({_unapplied(event)})",
        headline=f"“{name}” {'was refused' if refused else 'failed'}; nothing was changed",
        why=why if why.endswith((".", "!", "?")) else f"{why}.",
        contacts=_as_before(event),
        next_step=_after_refusal() if refused else f"Mend what is named above. {_AGAIN}",
    )


def reason(event: ImportFinished) -> str:
    """Return why a run failed or was refused, in one line."""
    return (one_line(event.error.message, 1000) if event.error else "") or "The reason was not recorded."


def short_reason(event: ImportFinished) -> str:
    """Return why, as part of a subject."""
    return _SHORT_REASONS.get(event.error.code if event.error else "") or first_clause(reason(event))


def _unapplied(event: ImportFinished) -> str:
    """Return what the file holds, or would have done, and that it did not."""
    counts = event.counts
    if event.status == "refused":
        told = _changes(counts, ("to add", "to update", "to delete"))
    else:
        told = [f"{counted(counts.read, 'row')} read"] if counts.read else []
        told += [f"{counts.rejected:,} with errors"] if counts.rejected else []
    return "; ".join([*([", ".join(told)] if told else []), "nothing was changed"])


def _after_refusal() -> str:
    return (
        "Look at the file first: is it whole, is it the right one, and do its unique ids stand where they used to? "
        f"If it is the wrong file, put the right one in its place. {_AGAIN} If the file is right, what it would do can "
        "be looked at and approved on the page of this run."
    )


def _waiting(event: ImportFinished, name: str) -> Wording:
    changes = ", ".join(_changes(event.counts, ("to add", "to update", "to delete")))
    return Wording(
        tone="warning",
        subject=f"Waiting for approval: {name} {_DASH} {changes}",
        headline=f"“{name}” waits to be approved",
        why=one_line(event.error.message, 1000) if event.error else None,
        contacts=f"Nothing was changed yet. In “{_manager(event)}” there would be: {changes}.",
        next_step="Look at what it would do on the page of this run, and approve it there, or leave it.",
    )


def _done(event: ImportFinished, name: str, failures: int) -> Wording:
    changes = ", ".join(_done_changes(event.counts))
    unchanged = event.status == "unchanged"
    if event.trigger == "undo":
        subject, headline = f"Taken back: {name}", f"An import of “{name}” was taken back"
    elif failures:
        again = f"again after {counted(failures, 'failure')}"
        subject, headline = f"Works {again}: {name}", f"“{name}” works {again}"
    elif unchanged:
        subject, headline = f"Not changed: {name}", f"The file of “{name}” has not changed"
    else:
        subject, headline = f"Done: {name}", f"“{name}” was imported"
    return Wording(
        tone="good",
        subject=f"{subject} {_DASH} {changes}",
        headline=headline,
        why="The file is there, and it is the one that was imported last." if unchanged else None,
        contacts=_as_before(event) if unchanged else f"In “{_manager(event)}”: {changes}.",
        next_step=_NOTHING_TO_DO,
    )


def _done_with_errors(event: ImportFinished, name: str, failures: int) -> Wording:
    counts = event.counts
    if counts.rejected:
        what = counted(counts.rejected, "error")
        left_out = [f"{counts.rejected:,} left out"]
        next_step = (
            "Mend these rows in the source of the file. They are taken in the next time the file is imported. "
            "Contacts that belong to them were neither updated nor deleted."
        )
    else:
        what, left_out = counted(max(event.problem_count, 1), "warning"), []
        next_step = "Read the warnings below. If they are as you expect, there is nothing to do."
    again = f"Works again after {counted(failures, 'failure')}, with {what}" if failures else f"Done with {what}"
    works = f"works again after {counted(failures, 'failure')}" if failures else "was done"
    return Wording(
        tone="warning",
        subject=f"{again}: {name} {_DASH} {', '.join(_done_changes(counts) + left_out)}",
        headline=f"“{name}” {works}, with {what}",
        why=f"{counted(counts.rejected, 'row')} of {counts.read:,} could not be taken and "
        f"{'was' if counts.rejected == 1 else 'were'} left out; all others were imported."
        if counts.rejected
        else None,
        contacts=f"In “{_manager(event)}”: {', '.join(_done_changes(counts))}.",
        next_step=next_step,
    )


def _done_changes(counts: RunCounts) -> list[str]:
    """Return what became of contacts; where nothing did, one phrase that says so."""
    return _changes(counts, ("added", "updated", "deleted")) or ["no contact changed"]


def _changes(counts: RunCounts, words: tuple[str, str, str]) -> list[str]:
    numbers = (counts.added, counts.updated, counts.deleted)
    return [f"{number:,} {what}" for number, what in zip(numbers, words, strict=True) if number]


def _as_before(event: ImportFinished) -> str:
    return f"Nothing was changed. The contacts in “{_manager(event)}” are as they were before."


def _manager(event: ImportFinished) -> str:
    return one_line(event.manager_name, 80)
