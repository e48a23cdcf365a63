"""Taking back, in the reference model: an undo looks at values, whoever wrote them last."""

from dataclasses import replace

from tests.model.manager import filled
from tests.model.parts import Change, Contact, Problem, Run
from tests.model.syncing import Syncing


class Undoing(Syncing):
    """The manager with runs that can be taken back."""

    def undo(self, label: str, undone: str, *, dry_run: bool = False) -> str | None:
        run = self.runs[undone]
        if not run.is_applied or run.undone_by:
            return "not_undoable"
        undo = replace(Run(label, run.import_label, run.setup, None, "undo", dry_run), undoes=undone)
        self.runs[label] = undo
        self.plan_whole_undo(undo)
        self.finish_undo(undo)
        return None

    def plan_whole_undo(self, undo: Run) -> None:
        for unique_id, change in sorted(self.runs[str(undo.undoes)].plan.items()):
            self.plan_undo(undo, unique_id, change)
        self.count(undo, [], 0)

    def finish_undo(self, undo: Run, *, shows: bool = False) -> None:
        """Apply an undo, or only show it."""
        applied = "succeeded_with_errors" if undo.problems else "succeeded"
        undo.status = "planned" if undo.dry_run or shows else applied
        if undo.is_applied:
            self.apply_undo(undo)

    def apply_undo(self, undo: Run) -> None:
        self.apply(undo)
        if undo.plan:
            self.runs[str(undo.undoes)].undone_by = undo.label

    def plan_undo(self, undo: Run, unique_id: str, change: Change) -> None:
        """Plan the inverse of one change, or say what is kept."""
        contact = undo.seen[unique_id] = self.contacts.get(unique_id)
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
