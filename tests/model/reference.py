"""A reference model of the rules of a synchronization: one manager, in memory, to be read beside the rules.

Where the rules leave something open, the model takes what a careful user expects:

- A dry run is asked the same questions as a run, so it can end as failed or unchanged; else it is planned, with the
  code of what would refuse it.
- The key field is judged when a run starts, before its file.
- An approval takes up the plan that was shown. What changed since of its contacts is planned anew from their rows;
  where that comes to anything, the approval only shows it, and waits to be approved in its turn. It is not asked the
  10 % rule nor limits again; that not a single row is good fails it too.
- An approval that failed leaves its run to be approved again; one that only showed its plan neither counts as an
  approval nor voids a plan. Only runs that read the file themselves and did not fail void one.
- Approving additions and updates only deletes nothing, so it can't fail for what it would delete, and says nothing of
  deletes held back.
- A file whose last run was approved for additions and updates only is compared with the run applied in full before it.
- An undo looks at values: what holds the value that the run wrote is reverted, whoever wrote it last. Everything else
  is listed as kept: for each field; for a contact that is gone, that was changed since it was added, or whose id
  exists again, once. Only a contact that the run added and that is gone already is passed over in silence.
- An undone run stays undone when its undo is undone.
- Writing a contact by hand with the values that it has changes nothing, so it stays its last writer's.
"""

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from tests.model.manager import Manager, filled
from tests.model.parts import Change, Contact, Ended, Limit, Problem, Run, Setup
from tests.model.reading import Reader, Row


class Reference(Manager):
    """The manager with its runs."""

    reader = Reader

    def __init__(self, kinds: dict[str, str]) -> None:
        super().__init__(kinds)
        self.runs: dict[str, Run] = {}

    # Runs, approvals, undos

    def run(self, label: str, import_label: str, *, dry_run: bool = False) -> None:
        setup = self.imports[import_label]
        self.carry_out(Run(label, import_label, setup, self.files.get(setup.source), dry_run=dry_run))

    def approve(self, label: str, approved: str, *, only: bool = False, dry_run: bool = False) -> str | None:
        run = self.runs[approved]
        if run.status not in ("refused", "planned"):
            return "not_approvable"
        if self.is_void(run):
            return "plan_void"
        only = only or run.additions_and_updates_only
        approval = replace(
            Run(label, run.import_label, run.setup, run.content, "approve", dry_run, only), approves=approved
        )
        self.runs[label] = approval
        has_changed = self.plan_approval(approval, run)
        try:
            self.require_good_rows(approval)
        except Ended as ended:
            approval.status, approval.code = ended.status, ended.code
            return None
        self.finish(approval, shows=has_changed)
        if approval.is_applied:
            self.note_approved(approval)
        return None

    def note_approved(self, approval: Run) -> None:
        """Say of all runs whose plan was applied now by which one it was."""
        approved = approval.approves
        while approved is not None:
            self.runs[approved].approved_by = approval.label
            approved = self.runs[approved].approves

    def plan_approval(self, approval: Run, run: Run) -> bool:
        """Take up a run's plan; tells whether some of it had to be made anew."""
        only = approval.additions_and_updates_only
        approval.rows = run.rows
        approval.problems = [p for p in run.problems if not (only and p.code == "deletes_held_back")]
        has_changed = False
        for unique_id, change in run.plan.items():
            contact = self.contacts.get(unique_id)
            if only and change.kind == "deleted":
                continue
            if contact is run.seen[unique_id]:
                approval.plan[unique_id] = change
            elif anew := self.planned_anew(run, unique_id, change, contact):
                approval.plan[unique_id] = anew
                has_changed = True
            approval.seen[unique_id] = contact
        approval.counts = dict(run.counts)
        self.count_changes(approval)
        rows = run.counts["read"] - run.counts["rejected"] - run.counts["duplicates"]
        approval.counts["unchanged"] = rows - approval.counts["added"] - approval.counts["updated"]
        return has_changed

    def planned_anew(self, run: Run, unique_id: str, change: Change, contact: Contact | None) -> Change | None:
        if change.after is None:
            return Change(contact.fields, None, None) if contact else None
        if contact is None:
            return Change(None, filled(run.rows[unique_id]), change.line)
        after = self.updated(contact, run.rows[unique_id])
        is_wanted = run.setup.update_existing and after != contact.fields
        return Change(contact.fields, after, change.line) if is_wanted else None

    def is_void(self, run: Run) -> bool:
        return run.approved_by is not None or any(self.voids(other) for other in self.newer_runs(run))

    def newer_runs(self, run: Run) -> list[Run]:
        later = list(self.runs.values())[list(self.runs).index(run.label) + 1 :]
        return [other for other in later if other.import_label == run.import_label]

    def voids(self, newer: Run) -> bool:
        return newer.trigger == "api" and newer.status != "failed"

    def undo(self, label: str, undone: str, *, dry_run: bool = False) -> str | None:
        run = self.runs[undone]
        if not run.is_applied or run.undone_by:
            return "not_undoable"
        undo = replace(Run(label, run.import_label, run.setup, None, "undo", dry_run), undoes=undone)
        self.runs[label] = undo
        for unique_id, change in sorted(run.plan.items()):
            self.plan_undo(undo, unique_id, change)
        self.count(undo, [], 0)
        undo.status = "planned" if dry_run else "succeeded"
        if not dry_run:
            self.apply(undo)
            run.undone_by = label
        return None

    def plan_undo(self, undo: Run, unique_id: str, change: Change) -> None:
        """Plan the inverse of one change, or say what is kept."""
        contact = self.contacts.get(unique_id)
        kept: list[str | None] = []
        if change.before is None:
            if contact and self.is_untouched(contact, change.after):
                undo.plan[unique_id] = Change(contact.fields, None, None)
            elif contact:
                kept = [None]
        elif change.after is None:
            if contact is None:
                undo.plan[unique_id] = Change(None, change.before, None)
            else:
                kept = [None]
        elif contact is None:
            kept = [None]
        else:
            wrote = [name for name in self.kinds if change.before.get(name) != change.after.get(name)]
            kept = [name for name in wrote if not self.holds(contact, name, change.after)]
            back = {name: change.before.get(name, "") for name in wrote if name not in kept}
            if back:
                undo.plan[unique_id] = Change(contact.fields, filled(contact.fields | back), None)
        undo.problems += [Problem(None, "warning", "edit_kept", unique_id) for _ in kept]

    def is_untouched(self, contact: Contact, added: dict[str, str] | None) -> bool:
        return contact.fields == added

    def holds(self, contact: Contact, name: str, wrote: dict[str, str]) -> bool:
        return contact.fields.get(name) == wrote.get(name)

    # One run

    def carry_out(self, run: Run) -> None:
        self.runs[run.label] = run
        try:
            self.judge(run)
        except Ended as ended:
            run.status, run.code = ended.status, ended.code
            if run.dry_run and run.status == "refused":
                run.status = "planned"
        else:
            self.finish(run)

    def finish(self, run: Run, *, shows: bool = False) -> None:
        """Apply a run's plan, or only show it."""
        run.status = "succeeded_with_errors" if run.problems else "succeeded"
        if run.dry_run or shows:
            run.status = "planned"
        else:
            self.apply(run)

    def judge(self, run: Run) -> None:
        """Ask everything that may end a run, in the order of the rules, and plan."""
        if self.key_differs(run.setup.key):
            raise Ended("failed", "key_field_differs")
        self.key = run.setup.key
        reader = self.reader(run.content, run.setup, self.kinds)
        if self.is_unchanged(run):
            raise Ended("unchanged")
        if reader.missing_columns():
            raise Ended("failed", "column_missing")
        rows = reader.rows()
        good, rejected = [row for row in rows if row.is_good], [row for row in rows if not row.is_good]
        run.problems += [problem for row in rejected for problem in row.problems()]
        if self.is_over_budget(run.setup, rejected):
            raise Ended("failed", "too_many_row_errors")
        self.plan(run, good, rejected)
        if self.guard_refuses(run.setup, good, rejected):
            raise Ended("refused", "guard_ten_percent")
        self.require_good_rows(run)
        self.ask_limits(run)

    def is_unchanged(self, run: Run) -> bool:
        if run.setup.is_upload or run.setup.every_time:
            return False
        last = self.last_applied_in_full(run.import_label)
        return last is not None and last.content == run.content and last.setup.compared == run.setup.compared

    def last_applied_in_full(self, import_label: str) -> Run | None:
        runs = [run for run in self.runs.values() if run.import_label == import_label and self.counts_as_last(run)]
        return runs[-1] if runs else None

    def counts_as_last(self, run: Run) -> bool:
        return run.is_applied and run.trigger != "undo" and not run.additions_and_updates_only

    def is_over_budget(self, setup: Setup, rejected: list[Row]) -> bool:
        return setup.max_row_errors is not None and len(rejected) > setup.max_row_errors

    def guard_refuses(self, setup: Setup, good: list[Row], rejected: list[Row]) -> bool:
        if not (setup.delete_missing and not setup.is_upload and setup.scheduled and self.contacts):
            return False
        found = len(good) if setup.generate else len(self.found([*good, *rejected]) & set(self.contacts))
        return self.is_at_most_a_tenth(found, len(self.contacts))

    def is_at_most_a_tenth(self, found: int, contacts: int) -> bool:
        return found * 10 <= contacts

    def require_good_rows(self, run: Run) -> None:
        if run.counts["deleted"]:
            if run.counts["read"] == run.counts["rejected"]:
                raise Ended("failed", "no_good_rows")
            if run.setup.generate and run.counts["rejected"]:
                raise Ended("failed", "replacement_incomplete")

    def ask_limits(self, run: Run) -> None:
        for name in ("deletes", "updates", "adds"):
            planned = run.counts[{"deletes": "deleted", "updates": "updated", "adds": "added"}[name]]
            limit: Limit = getattr(run.setup, name)
            if planned and self.exceeds(limit, planned, len(self.contacts)):
                raise Ended("refused", f"limit_{name}")

    def exceeds(self, limit: Limit, planned: int, contacts: int) -> bool:
        if limit.count is not None and planned >= limit.count:
            return True
        return bool(limit.percent is not None and contacts and planned * 100 >= Fraction(str(limit.percent)) * contacts)

    # The plan

    def plan(self, run: Run, good: list[Row], rejected: list[Row]) -> None:
        setup = run.setup
        taken, duplicates = self.last_of_each(run, good)
        for unique_id, row in taken.items():
            contact = self.contacts.get(unique_id)
            if contact is None:
                run.plan[unique_id] = Change(None, filled(row.values), row.line)
            elif setup.update_existing and (after := self.updated(contact, row.values)) != contact.fields:
                run.plan[unique_id] = Change(contact.fields, after, row.line)
        if setup.delete_missing:
            missing = set(self.contacts) - self.found([*good, *rejected])
            if not setup.generate and any(row.unique_id is None for row in rejected):
                run.problems.append(Problem(None, "warning", "deletes_held_back", None))
                missing = set()
            run.plan |= {unique_id: Change(self.contacts[unique_id].fields, None, None) for unique_id in missing}
        run.rows = {unique_id: self.said(row.values) for unique_id, row in taken.items()}
        run.seen = {unique_id: self.contacts.get(unique_id) for unique_id in run.plan}
        self.count(run, [*good, *rejected], duplicates)
        run.counts["rejected"] = len(rejected)
        run.counts["unchanged"] = len(taken) - run.counts["added"] - run.counts["updated"]

    def last_of_each(self, run: Run, good: list[Row]) -> tuple[dict[str, Row], int]:
        """Return the row that counts for each unique id, and how many were replaced; a generated id is the line's."""
        if run.setup.generate:
            return {generated_id(run.label, row.line): row for row in good}, 0
        taken = {str(row.unique_id): row for row in good}
        replaced = [row for row in good if row is not taken[str(row.unique_id)]]
        run.problems += [Problem(row.line, "warning", "duplicate_id", row.unique_id) for row in replaced]
        return taken, len(replaced)

    def found(self, rows: list[Row]) -> set[str]:
        return {row.unique_id for row in rows if row.unique_id}

    def updated(self, contact: Contact, values: dict[str, str]) -> dict[str, str]:
        """Return the fields that a row leaves."""
        return filled(contact.fields | self.said(values))

    def said(self, values: dict[str, str]) -> dict[str, str]:
        """Return what a row says: an empty password says nothing."""
        return {name: value for name, value in values.items() if value or self.kinds[name] != "password"}

    def count(self, run: Run, rows: Iterable[Row], duplicates: int) -> None:
        run.counts = {"read": len(list(rows)), "unchanged": 0, "rejected": 0, "duplicates": duplicates}
        self.count_changes(run)

    def count_changes(self, run: Run) -> None:
        for kind in ("added", "updated", "deleted"):
            run.counts[kind] = sum(change.kind == kind for change in run.plan.values())

    def apply(self, run: Run) -> None:
        for unique_id, change in run.plan.items():
            if change.after is None:
                del self.contacts[unique_id]
            else:
                self.contacts[unique_id] = Contact(dict(change.after), run.label)


def generated_id(run_label: str, line: int) -> str:
    """Return what stands for a generated code."""
    return f"~{run_label}/{line}"
