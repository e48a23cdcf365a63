"""What may be got wrong about approvals."""

from tests.model.mutants.registry import mutant
from tests.model.parts import Run
from tests.model.reference import Reference


@mutant
class NewerRunsDoNotVoid(Reference):
    def is_void(self, run: Run) -> bool:
        return run.approved_by is not None


@mutant
class FailedAndUnchangedRunsVoid(Reference):
    def voids(self, newer: Run) -> bool:
        return newer.trigger == "api"


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
    def is_void(self, run: Run) -> bool:
        return any(self.voids(other) for other in self.newer_runs(run))


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
    def judge(self, run: Run) -> None:
        super().judge(run)
        if run.approves and not run.additions_and_updates_only and not run.setup.generate:
            run.plan = dict(self.runs[run.approves].plan)
            run.plan = {name: change for name, change in run.plan.items() if change.after or name in self.contacts}
            self.recount(run)

    def recount(self, run: Run) -> None:
        for kind in ("added", "updated", "deleted"):
            run.counts[kind] = sum(change.kind == kind for change in run.plan.values())
