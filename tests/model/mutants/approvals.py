"""What may be got wrong about approvals."""

from tests.model.mutants.registry import mutant
from tests.model.parts import Change, Contact, Run
from tests.model.reference import Reference


@mutant
class NewerRunsDoNotVoid(Reference):
    def voids(self, newer: Run) -> bool:
        return False


@mutant
class FailedRunsVoid(Reference):
    def voids(self, newer: Run) -> bool:
        return newer.trigger == "api"


@mutant
class UnchangedRunsDoNotVoid(Reference):
    def voids(self, newer: Run) -> bool:
        return super().voids(newer) and newer.status != "unchanged"


@mutant
class UndosVoid(Reference):
    def voids(self, newer: Run) -> bool:
        return super().voids(newer) or newer.trigger == "undo"


@mutant
class ShownApprovalsVoid(Reference):
    def voids(self, newer: Run) -> bool:
        return super().voids(newer) or newer.status == "planned"


@mutant
class OtherImportsVoid(Reference):
    def newer_runs(self, run: Run) -> list[Run]:
        return list(self.runs.values())[list(self.runs).index(run.label) + 1 :]


@mutant
class ApprovalsRepeat(Reference):
    def was_applied(self, run: Run) -> bool:
        return False


@mutant
class PlansShownTwiceAreAppliedTwice(Reference):
    def was_applied(self, run: Run) -> bool:
        return run.approved_by is not None


@mutant
class ApprovalsInPartDelete(Reference):
    def approve(self, label: str, approved: str, *, only: bool = False, dry_run: bool = False) -> str | None:
        return super().approve(label, approved, only=False, dry_run=dry_run)


@mutant
class ApprovalsTakeTheSetUpOfNow(Reference):
    def approve(self, label: str, approved: str, *, only: bool = False, dry_run: bool = False) -> str | None:
        run = self.runs[approved]
        old, run.setup = run.setup, self.imports[run.import_label]
        answer = super().approve(label, approved, only=only, dry_run=dry_run)
        run.setup = old
        return answer


@mutant
class ApprovalsTakeTheFileOfNow(Reference):
    def approve(self, label: str, approved: str, *, only: bool = False, dry_run: bool = False) -> str | None:
        run = self.runs[approved]
        old, run.content = run.content, self.files.get(run.setup.source)
        answer = super().approve(label, approved, only=only, dry_run=dry_run)
        run.content = old
        return answer


@mutant
class ApprovalsOverwriteWhatChangedSince(Reference):
    def plan_approval(self, approval: Run, run: Run) -> bool:
        super().plan_approval(approval, run)
        only = approval.additions_and_updates_only
        approval.plan = {
            name: change
            for name, change in run.plan.items()
            if (change.after or name in self.contacts) and not (only and change.kind == "deleted")
        }
        self.count_changes(approval)
        return False


@mutant
class ApprovalsApplyWhatNobodySaw(Reference):
    def plan_approval(self, approval: Run, run: Run) -> bool:
        super().plan_approval(approval, run)
        return False


@mutant
class ApprovalsLeaveOutWhatChangedSince(Reference):
    def planned_anew(self, run: Run, unique_id: str, change: Change, contact: Contact | None) -> Change | None:
        return None


@mutant
class ApprovalsPlanAllAnew(Reference):
    def plan_approval(self, approval: Run, run: Run) -> bool:
        run.seen = dict.fromkeys(run.plan, Contact({}, None))
        return super().plan_approval(approval, run)


@mutant
class ApprovalsBringNobodyBack(Reference):
    def planned_anew(self, run: Run, unique_id: str, change: Change, contact: Contact | None) -> Change | None:
        return super().planned_anew(run, unique_id, change, contact) if contact else None


@mutant
class ApprovalsInPartAreForgotten(Reference):
    def approve(self, label: str, approved: str, *, only: bool = False, dry_run: bool = False) -> str | None:
        answer = super().approve(label, approved, only=only, dry_run=dry_run)
        if answer is None:
            self.runs[label].additions_and_updates_only = only
        return answer


@mutant
class ApprovalsTakeFilesWithoutAGoodRow(Reference):
    def require_good_rows(self, run: Run) -> None:
        if not run.approves:
            super().require_good_rows(run)


@mutant
class PlansStayOpenThatWereShownAgain(Reference):
    def note_approved(self, approval: Run) -> None:
        self.runs[str(approval.approves)].approved_by = approval.label
