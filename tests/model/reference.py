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
- A plan that was shown several times, for what changed meanwhile, is one plan: it is applied once.
- An undo that was shown is planned again when it is approved; where any of its contacts was changed meanwhile, though
  it be to what it was, it is only shown once more. It is void once its run was undone; what runs of imports do is no
  matter.
- An undo looks at values: what holds the value that the run wrote is reverted, whoever wrote it last. Everything else
  is listed as kept: for each field; for a contact that is gone, that was changed since it was added, or whose id
  exists again, once. Only a contact that the run added and that is gone already is passed over in silence.
- An undone run stays undone when its undo is undone. An undo that takes nothing back undoes nothing: its run can be
  undone another time.
- Writing a contact by hand with the values that it has changes nothing, so it stays its last writer's.
"""

from dataclasses import replace

from tests.model.manager import filled
from tests.model.parts import Change, Contact, Ended, Run
from tests.model.undoing import Undoing


class Reference(Undoing):
    """The manager with its runs, and with people who decide on their plans."""

    def approve(self, label: str, approved: str, *, only: bool = False, dry_run: bool = False) -> str | None:
        run = self.runs[approved]
        if run.status not in ("refused", "planned"):
            return "not_approvable"
        if self.is_void(run):
            return "plan_void"
        only = only or run.additions_and_updates_only
        if run.undoes and only:
            return "not_approvable"
        approval = replace(
            Run(label, run.import_label, run.setup, run.content, "approve", dry_run, only),
            approves=approved,
            undoes=run.undoes,
        )
        self.runs[label] = approval
        if run.undoes:
            self.approve_undo(approval, run)
        else:
            self.approve_file(approval, run)
        if approval.is_applied:
            self.note_approved(approval)
        return None

    def approve_undo(self, approval: Run, run: Run) -> None:
        self.plan_whole_undo(approval)
        self.finish_undo(approval, shows=self.is_other_undo(approval, run))

    def is_other_undo(self, approval: Run, shown: Run) -> bool:
        kinds, shown_kinds = ({name: change.kind for name, change in run.plan.items()} for run in (approval, shown))
        return kinds != shown_kinds or any(approval.seen[name] is not shown.seen[name] for name in kinds)

    def approve_file(self, approval: Run, run: Run) -> None:
        has_changed = self.plan_approval(approval, run)
        try:
            self.require_good_rows(approval)
        except Ended as ended:
            approval.status, approval.code = ended.status, ended.code
        else:
            self.finish(approval, shows=has_changed)

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
        if self.was_applied(run):
            return True
        if run.undoes:
            return self.runs[run.undoes].undone_by is not None
        return any(self.voids(other) for other in self.newer_runs(run))

    def was_applied(self, run: Run) -> bool:
        """Tell whether the plan was applied, or one that it was shown as meanwhile."""
        return self.first_shown(run).approved_by is not None

    def first_shown(self, run: Run) -> Run:
        return self.first_shown(self.runs[run.approves]) if run.approves else run

    def newer_runs(self, run: Run) -> list[Run]:
        later = list(self.runs.values())[list(self.runs).index(run.label) + 1 :]
        return [other for other in later if other.import_label == run.import_label]

    def voids(self, newer: Run) -> bool:
        return newer.trigger == "api" and newer.status != "failed"
