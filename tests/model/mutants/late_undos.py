"""What may be got wrong about undos that are shown, and approved later."""

from tests.model.mutants.registry import mutant
from tests.model.parts import Change, Run
from tests.model.reference import Reference


@mutant
class ShownUndosAreAppliedOtherwiseUnseen(Reference):
    def is_other_undo(self, approval: Run, shown: Run) -> bool:
        return False


@mutant
class ShownUndosAreAppliedAsTheyWere(Reference):
    def approve_undo(self, approval: Run, run: Run) -> None:
        super().approve_undo(approval, run)
        if approval.status == "planned" and not approval.dry_run:
            approval.plan = {name: change for name, change in run.plan.items() if change.after or name in self.contacts}
            self.count_changes(approval)
            self.finish_undo(approval)


@mutant
class ShownUndosAreAlwaysShownAgain(Reference):
    def is_other_undo(self, approval: Run, shown: Run) -> bool:
        return shown.trigger == "undo"


@mutant
class ShownUndosHeedNoPasswords(Reference):
    def is_other_undo(self, approval: Run, shown: Run) -> bool:
        return self.without_passwords(approval) != self.without_passwords(shown)

    def without_passwords(self, run: Run) -> list[tuple[str, list[dict[str, str] | None]]]:
        return [
            (name, [self.open_fields(change.before), self.open_fields(change.after)])
            for name, change in sorted(run.plan.items())
        ]

    def open_fields(self, fields: dict[str, str] | None) -> dict[str, str] | None:
        return None if fields is None else {k: v for k, v in fields.items() if self.kinds[k] != "password"}


@mutant
class ShownUndosHeedOnlyWhatGoesBack(Reference):
    def is_other_undo(self, approval: Run, shown: Run) -> bool:
        return self.going_back(approval) != self.going_back(shown)

    def going_back(self, run: Run) -> list[tuple[str, list[str]]]:
        return [(name, self.changed_fields(change)) for name, change in sorted(run.plan.items())]

    def changed_fields(self, change: Change) -> list[str]:
        before, after = change.before or {}, change.after or {}
        return [name for name in self.kinds if before.get(name) != after.get(name)]


@mutant
class ShownUndosHeedOnlyValues(Reference):
    def is_other_undo(self, approval: Run, shown: Run) -> bool:
        return approval.plan != shown.plan


@mutant
class NewerRunsVoidUndos(Reference):
    def is_void(self, run: Run) -> bool:
        return super().is_void(run) or any(self.voids(other) for other in self.newer_runs(run))


@mutant
class ApprovedUndosLeaveTheirRunToBeUndone(Reference):
    def apply_undo(self, undo: Run) -> None:
        before = self.runs[str(undo.undoes)].undone_by
        super().apply_undo(undo)
        if undo.approves:
            self.runs[str(undo.undoes)].undone_by = before


@mutant
class UndosThatWereShownOutliveAnother(Reference):
    def is_void(self, run: Run) -> bool:
        return self.was_applied(run) if run.undoes else super().is_void(run)


@mutant
class ApprovedUndosCountAsApplied(Reference):
    def counts_as_last(self, run: Run) -> bool:
        return super().counts_as_last(run) or (run.is_applied and run.trigger == "approve" and bool(run.undoes))
