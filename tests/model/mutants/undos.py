"""What may be got wrong about taking back."""

from tests.model.mutants.registry import mutant
from tests.model.parts import Change, Contact, Problem, Run
from tests.model.reference import Reference


@mutant
class UndoOverwritesEdits(Reference):
    def holds(self, contact: Contact, name: str, wrote: dict[str, str]) -> bool:
        return True


@mutant
class UndoKeepsWholeContacts(Reference):
    def holds(self, contact: Contact, name: str, wrote: dict[str, str]) -> bool:
        return contact.fields == wrote


@mutant
class UndoAsksWhoWroteLast(Reference):
    def plan_undo(self, undo: Run, unique_id: str, change: Change) -> None:
        contact = self.contacts.get(unique_id)
        if contact is None or contact.writer == undo.undoes:
            super().plan_undo(undo, unique_id, change)
        else:
            undo.problems.append(Problem(None, "warning", "edit_kept", unique_id))


@mutant
class UndoTakesAddedContactsThatWereEdited(Reference):
    def is_untouched(self, contact: Contact, added: dict[str, str] | None) -> bool:
        return True


@mutant
class UndoPutsDeletedContactsOverNewOnes(Reference):
    def plan_undo(self, undo: Run, unique_id: str, change: Change) -> None:
        contact = self.contacts.get(unique_id)
        if change.after is None and contact and change.before:
            undo.plan[unique_id] = Change(contact.fields, change.before, None)
        else:
            super().plan_undo(undo, unique_id, change)


@mutant
class UndoBringsUpdatedContactsBack(Reference):
    def plan_undo(self, undo: Run, unique_id: str, change: Change) -> None:
        if unique_id not in self.contacts and change.before:
            undo.plan[unique_id] = Change(None, change.before, None)
        else:
            super().plan_undo(undo, unique_id, change)


@mutant
class UndoLosesPasswords(Reference):
    def plan_undo(self, undo: Run, unique_id: str, change: Change) -> None:
        before = change.before and {k: v for k, v in change.before.items() if self.kinds[k] != "password"}
        super().plan_undo(undo, unique_id, change._replace(before=before))


@mutant
class UndoneTwice(Reference):
    def undo(self, label: str, undone: str, *, dry_run: bool = False) -> str | None:
        self.runs[undone].undone_by = None
        return super().undo(label, undone, dry_run=dry_run)


@mutant
class UndoOfAnUndoFreesTheRun(Reference):
    def undo(self, label: str, undone: str, *, dry_run: bool = False) -> str | None:
        answer = super().undo(label, undone, dry_run=dry_run)
        if answer is None and not dry_run and (first := self.runs[undone].undoes):
            self.runs[first].undone_by = None
        return answer


@mutant
class KeptEditsAreNoWarnings(Reference):
    def undo(self, label: str, undone: str, *, dry_run: bool = False) -> str | None:
        answer = super().undo(label, undone, dry_run=dry_run)
        if answer is None and self.runs[label].problems and not dry_run:
            self.runs[label].status = "succeeded"
        return answer


@mutant
class UndosThatTakeNothingBackCount(Reference):
    def apply_undo(self, undo: Run) -> None:
        super().apply_undo(undo)
        self.runs[str(undo.undoes)].undone_by = undo.label
