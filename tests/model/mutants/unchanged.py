"""What may be got wrong about files that have not changed."""

from dataclasses import replace

from tests.model.mutants.registry import mutant
from tests.model.parts import Run
from tests.model.reference import Reference


@mutant
class RefusedFilesCountAsSeen(Reference):
    def counts_as_last(self, run: Run) -> bool:
        return super().counts_as_last(run) or run.status == "refused"


@mutant
class DryRunsCountAsSeen(Reference):
    def counts_as_last(self, run: Run) -> bool:
        return super().counts_as_last(run) or run.status == "planned"


@mutant
class AnyEarlierFileCountsAsSeen(Reference):
    def is_unchanged(self, run: Run) -> bool:
        if run.setup.is_upload or run.setup.every_time:
            return False
        runs = [old for old in self.runs.values() if old.import_label == run.import_label and self.counts_as_last(old)]
        return any(old.content == run.content and old.setup.compared == run.setup.compared for old in runs)


@mutant
class RowErrorsHideAFile(Reference):
    def counts_as_last(self, run: Run) -> bool:
        return super().counts_as_last(run) and run.status == "succeeded"


@mutant
class UndoneRunsDoNotCount(Reference):
    def counts_as_last(self, run: Run) -> bool:
        return super().counts_as_last(run) and not run.undone_by


@mutant
class ApprovalsDoNotCount(Reference):
    def counts_as_last(self, run: Run) -> bool:
        return super().counts_as_last(run) and run.trigger == "api"


@mutant
class ApprovalsInPartCount(Reference):
    def counts_as_last(self, run: Run) -> bool:
        return super().counts_as_last(run) or (run.is_applied and run.trigger == "approve")


@mutant
class OptionsAreNotCompared(Reference):
    def is_unchanged(self, run: Run) -> bool:
        last = self.last_applied_in_full(run.import_label)
        same = Run("", "", replace(last.setup, every_time=run.setup.every_time), run.content) if last else run
        return super().is_unchanged(replace(run, setup=same.setup))


@mutant
class EveryTimeAndMailsAreCompared(Reference):
    def is_unchanged(self, run: Run) -> bool:
        last = self.last_applied_in_full(run.import_label)
        return super().is_unchanged(run) and last is not None and last.setup == run.setup


@mutant
class EveryTimeIsIgnored(Reference):
    def is_unchanged(self, run: Run) -> bool:
        return super().is_unchanged(replace(run, setup=replace(run.setup, every_time=False)))


@mutant
class UploadsCanBeUnchanged(Reference):
    def is_unchanged(self, run: Run) -> bool:
        last = self.last_applied_in_full(run.import_label)
        upload = run.setup.is_upload and last is not None and last.content == run.content
        return upload or super().is_unchanged(run)
