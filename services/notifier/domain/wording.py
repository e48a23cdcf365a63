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


@dataclass(frozen=True)
class Wording:
    """The words of one mail; `why` is None where the list of problems says it."""

    tone: Literal["bad", "warning"]
    subject: str
    headline: str
    why: str | None
    contacts: str
    next_step: str


def word(event: ImportFinished) -> Wording:
    """Return what to say of a run that failed, was refused, or left rows out."""
    name = one_line(event.import_name, 80)
    if event.status == "succeeded_with_errors":
        return _done_with_errors(event, name)
    refused = event.status == "refused"
    code, why = (event.error.code, one_line(event.error.message, 1000)) if event.error else ("", "")
    why = why or "The reason was not recorded."
    short = _SHORT_REASONS.get(code) or first_clause(why)
    return Wording(
        tone="warning" if refused else "bad",
        subject=f"{'Refused' if refused else 'Failed'}: {name} {_DASH} {short} (nothing was changed)",
        headline=f"“{name}” {'was refused' if refused else 'failed'}; nothing was changed",
        why=why if why.endswith((".", "!", "?")) else f"{why}.",
        contacts=f"Nothing was changed. The contacts in “{_manager(event)}” are as they were before.",
        next_step=_after_refusal() if refused else f"Mend what is named above. {_AGAIN}",
    )


def _after_refusal() -> str:
    return (
        "Look at the file first: is it whole, is it the right one, and do its unique ids stand where they used to? "
        f"If it is the wrong file, put the right one in its place. {_AGAIN}"
    )


def _done_with_errors(event: ImportFinished, name: str) -> Wording:
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
    return Wording(
        tone="warning",
        subject=f"Done with {what}: {name} {_DASH} {', '.join(_changes(counts) + left_out)}",
        headline=f"“{name}” was done, with {what}",
        why=f"{counted(counts.rejected, 'row')} of {counts.read:,} could not be taken and "
        f"{'was' if counts.rejected == 1 else 'were'} left out; all others were imported."
        if counts.rejected
        else None,
        contacts=f"In “{_manager(event)}”: {', '.join(_changes(counts))}.",
        next_step=next_step,
    )


def _changes(counts: RunCounts) -> list[str]:
    """Return what became of contacts; where nothing did, one phrase that says so."""
    every = (("added", counts.added), ("updated", counts.updated), ("deleted", counts.deleted))
    return [f"{number:,} {what}" for what, number in every if number] or ["no contact changed"]


def _manager(event: ImportFinished) -> str:
    return one_line(event.manager_name, 80)
