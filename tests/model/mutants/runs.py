"""What may be got wrong about what a run does to contacts."""

from dataclasses import replace

from tests.model.manager import filled
from tests.model.mutants.registry import mutant
from tests.model.parts import Contact, Ended, Run, Setup
from tests.model.reading import Row
from tests.model.reference import Reference


@mutant
class DeletesContactsOfBadRows(Reference):
    def found(self, rows: list[Row]) -> set[str]:
        return super().found([row for row in rows if row.is_good])


@mutant
class FirstOfDuplicatesWins(Reference):
    def last_of_each(self, run: Run, good: list[Row]) -> tuple[dict[str, Row], int]:
        return super().last_of_each(run, good if run.setup.generate else good[::-1])


@mutant
class DuplicatesAreNotReported(Reference):
    def last_of_each(self, run: Run, good: list[Row]) -> tuple[dict[str, Row], int]:
        problems = list(run.problems)
        taken = super().last_of_each(run, good)
        run.problems = problems
        return taken


@mutant
class UpdatesAnyway(Reference):
    def plan(self, run: Run, good: list[Row], rejected: list[Row]) -> None:
        setup, run.setup = run.setup, replace(run.setup, update_existing=True)
        super().plan(run, good, rejected)
        run.setup = setup


@mutant
class UnmappedFieldsAreEmptied(Reference):
    def updated(self, contact: Contact, values: dict[str, str]) -> dict[str, str]:
        passwords = {name: value for name, value in contact.fields.items() if self.kinds[name] == "password"}
        return super().updated(Contact(passwords, None), values)


@mutant
class EmptyCellsKeepTheValue(Reference):
    def updated(self, contact: Contact, values: dict[str, str]) -> dict[str, str]:
        return filled(contact.fields | filled(values))


@mutant
class EmptyCellsTakePasswordsOut(Reference):
    def updated(self, contact: Contact, values: dict[str, str]) -> dict[str, str]:
        return filled(contact.fields | values)


@mutant
class UnchangedContactsAreWritten(Reference):
    def apply(self, run: Run) -> None:
        super().apply(run)
        if run.trigger == "api":
            for row in self.reader(run.content, run.setup, self.kinds).rows():
                if row.is_good and row.unique_id in self.contacts and run.setup.update_existing:
                    self.contacts[row.unique_id].writer = run.label


@mutant
class SomeGoodRowsAreEnoughToReplaceAll(Reference):
    def require_good_rows(self, run: Run) -> None:
        if run.counts["read"] == run.counts["rejected"]:
            super().require_good_rows(run)


@mutant
class NoGoodRowIsFine(Reference):
    def require_good_rows(self, run: Run) -> None:
        if run.counts["read"] > run.counts["rejected"]:
            super().require_good_rows(run)


@mutant
class NoGoodRowAlwaysFails(Reference):
    def require_good_rows(self, run: Run) -> None:
        super().require_good_rows(run)
        if run.counts["read"] == run.counts["rejected"]:
            raise Ended("failed", "no_good_rows")


@mutant
class BudgetEndsAtItsLastError(Reference):
    def is_over_budget(self, setup: Setup, rejected: list[Row]) -> bool:
        return setup.max_row_errors is not None and bool(rejected) and len(rejected) >= setup.max_row_errors
