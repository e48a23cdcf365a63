"""What may be got wrong about the 10 % rule."""

from dataclasses import replace

from tests.model.mutants.registry import mutant
from tests.model.parts import Ended, Run, Setup
from tests.model.reading import Row
from tests.model.reference import Reference


@mutant
class GuardSparesExactlyATenth(Reference):
    def is_at_most_a_tenth(self, found: int, contacts: int) -> bool:
        return found * 10 < contacts


@mutant
class GuardRoundsTheTenthDown(Reference):
    def is_at_most_a_tenth(self, found: int, contacts: int) -> bool:
        return found <= contacts // 10 and found * 10 <= contacts - contacts % 10 and contacts >= 10


@mutant
class GuardCountsRowsInsteadOfContacts(Reference):
    def guard_refuses(self, setup: Setup, good: list[Row], rejected: list[Row]) -> bool:
        rows = [row for row in [*good, *rejected] if row.unique_id in self.contacts]
        asked = setup.delete_missing and not setup.is_upload and setup.scheduled and bool(self.contacts)
        return asked and self.is_at_most_a_tenth(len(good if setup.generate else rows), len(self.contacts))


@mutant
class GuardOverlooksRejectedRows(Reference):
    def guard_refuses(self, setup: Setup, good: list[Row], rejected: list[Row]) -> bool:
        return super().guard_refuses(setup, good, [])


@mutant
class GuardComparesWithTheRowsOfTheFile(Reference):
    def guard_refuses(self, setup: Setup, good: list[Row], rejected: list[Row]) -> bool:
        asked = setup.delete_missing and not setup.is_upload and setup.scheduled and bool(self.contacts)
        return asked and self.is_at_most_a_tenth(len(good) + len(rejected), len(self.contacts))


@mutant
class GuardComparesGeneratedCodes(Reference):
    def guard_refuses(self, setup: Setup, good: list[Row], rejected: list[Row]) -> bool:
        return super().guard_refuses(replace(setup, generate=False), good, rejected)


@mutant
class GuardCountsBadRowsWhereCodesAreGenerated(Reference):
    def guard_refuses(self, setup: Setup, good: list[Row], rejected: list[Row]) -> bool:
        return super().guard_refuses(setup, [*good, *rejected] if setup.generate else good, rejected)


@mutant
class GuardAsksImportsWithoutASchedule(Reference):
    def guard_refuses(self, setup: Setup, good: list[Row], rejected: list[Row]) -> bool:
        return super().guard_refuses(replace(setup, scheduled=True), good, rejected)


@mutant
class GuardAsksUploads(Reference):
    def guard_refuses(self, setup: Setup, good: list[Row], rejected: list[Row]) -> bool:
        changed = replace(setup, is_upload=False, scheduled=True) if setup.is_upload else setup
        return super().guard_refuses(changed, good, rejected)


@mutant
class GuardAsksImportsThatDoNotDelete(Reference):
    def guard_refuses(self, setup: Setup, good: list[Row], rejected: list[Row]) -> bool:
        return super().guard_refuses(replace(setup, delete_missing=True), good, rejected)


@mutant
class GuardRefusesAnEmptyManager(Reference):
    def guard_refuses(self, setup: Setup, good: list[Row], rejected: list[Row]) -> bool:
        asked = setup.delete_missing and not setup.is_upload and setup.scheduled and not self.contacts
        return asked or super().guard_refuses(setup, good, rejected)


@mutant
class GuardSparesRunsThatWouldDeleteNobody(Reference):
    def judge(self, run: Run) -> None:
        try:
            super().judge(run)
        except Ended as ended:
            if ended.code != "guard_ten_percent" or run.counts["deleted"]:
                raise


@mutant
class FailsForBadRowsBeforeTheGuard(Reference):
    def guard_refuses(self, setup: Setup, good: list[Row], rejected: list[Row]) -> bool:
        return bool(good) and super().guard_refuses(setup, good, rejected)
