"""What happens in a scenario, step by step, and how the reference model takes each step."""

from dataclasses import dataclass, field
from typing import Any

from tests.model.parts import Setup
from tests.model.reference import Reference

Outcome = dict[str, Any]
JUDGED = ("too_many_row_errors", "no_good_rows", "replacement_incomplete")
"""The codes of runs that failed after their rows were judged."""
KINDS = {
    "No": "text",
    "Name": "text",
    "Mail": "email",
    "Age": "number",
    "Born": "date",
    "Secret": "password",
    "Alt": "text",
}


@dataclass(frozen=True)
class Step:
    """One thing that somebody does."""


@dataclass(frozen=True)
class SaveImport(Step):
    import_label: str
    setup: Setup


@dataclass(frozen=True)
class WriteFile(Step):
    """Put a file where the source finds it; None takes it away."""

    source: str
    content: bytes | None


@dataclass(frozen=True)
class StartRun(Step):
    label: str
    import_label: str
    dry_run: bool = False


@dataclass(frozen=True)
class PutContact(Step):
    """Write a contact by hand, all its fields but passwords; an empty password takes it out."""

    unique_id: str
    fields: dict[str, str] = field(hash=False)


@dataclass(frozen=True)
class DeleteContact(Step):
    unique_id: str


@dataclass(frozen=True)
class Approve(Step):
    label: str
    run: str
    only: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class Undo(Step):
    label: str
    run: str
    dry_run: bool = False


@dataclass(frozen=True)
class SignIn(Step):
    unique_id: str
    password: str


@dataclass(frozen=True)
class Scenario:
    """Some steps on one new manager."""

    seed: int
    steps: tuple[Step, ...]


def play(model: Reference, step: Step) -> Outcome:
    """Take one step in the model and return all that can be seen of it; {} where it is about what is not there."""
    answer: str | None = None
    run: str | None = None
    match step:
        case SaveImport(import_label, setup):
            answer = model.save_import(import_label, setup)
        case WriteFile(source, content):
            model.files[source] = content
            return {}
        case StartRun(label, import_label, dry_run):
            if import_label not in model.imports:
                return {}
            model.run(label, import_label, dry_run=dry_run)
            run = label
        case PutContact(unique_id, fields):
            model.put_contact(unique_id, fields)
        case DeleteContact(unique_id):
            answer = model.delete_contact(unique_id)
        case Approve(label, other, only, dry_run) if other in model.runs:
            answer = model.approve(label, other, only=only, dry_run=dry_run)
            run = None if answer else label
        case Undo(label, other, dry_run) if other in model.runs:
            answer = model.undo(label, other, dry_run=dry_run)
            run = None if answer else label
        case SignIn(unique_id, password):
            contact = model.contacts.get(unique_id)
            return {"answer": None if contact and contact.fields.get("Secret") == password else "refused"}
        case _:
            return {}
    return {
        "answer": answer,
        "run": run and run_seen(model, run),
        "contacts": contacts_seen(model),
        "runs": ends(model),
    }


def contacts_seen(model: Reference) -> Outcome:
    """Return the contacts as they are shown: of a password only whether it is set."""
    return {
        unique_id: {name: value if model.kinds[name] != "password" else True for name, value in contact.fields.items()}
        | {"written by": contact.writer}
        for unique_id, contact in model.contacts.items()
    }


def ends(model: Reference) -> Outcome:
    """Return for each run how it ended and what became of it since."""
    return {run.label: (run.status, run.undone_by, run.approved_by) for run in model.runs.values()}


def run_seen(model: Reference, label: str) -> Outcome:
    """Return what is shown of a run; of a failed one no more than the errors of its rows."""
    run = model.runs[label]
    seen: Outcome = {
        "status": run.status,
        "code": run.code,
        "trigger": run.trigger,
        "of": (run.approves, run.undoes),
    }
    if run.status != "failed" or run.code in JUDGED:
        seen["problems"] = {
            (p.line or 0, p.severity, p.code, p.unique_id or "")
            for p in run.problems
            if p.severity == "error" or run.status != "failed"
        }
    if run.status in ("failed", "unchanged"):
        return seen
    seen["counts"] = dict(run.counts)
    seen["plan"] = {
        unique_id: {
            "line": change.line,
            "kind": change.kind,
            "values": values_seen(model.kinds, change.before or {}, change.after or {}),
            "passwords": passwords_seen(model.kinds, change.before or {}, change.after),
        }
        for unique_id, change in run.plan.items()
    }
    return seen


def values_seen(kinds: dict[str, str], before: dict[str, str], after: dict[str, str]) -> Outcome:
    """Return the values that differ, as (before, after); passwords are not shown."""
    return {
        name: (before.get(name, ""), after.get(name, ""))
        for name, kind in kinds.items()
        if kind != "password" and before.get(name, "") != after.get(name, "")
    }


def passwords_seen(kinds: dict[str, str], before: dict[str, str], after: dict[str, str] | None) -> list[str]:
    """Return the names of the passwords that change; those of a contact that goes are not told."""
    if after is None:
        return []
    return [name for name, kind in kinds.items() if kind == "password" and before.get(name) != after.get(name)]
