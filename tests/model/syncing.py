"""One run of the reference model: asked all that may end it, planned, and applied."""

from collections.abc import Iterable
from fractions import Fraction

from tests.model.manager import Manager, filled
from tests.model.parts import Change, Contact, Ended, Limit, Problem, Run, Setup
from tests.model.reading import Reader, Row


class Syncing(Manager):
    """The manager with the runs of its imports."""

    reader = Reader

    def __init__(self, kinds: dict[str, str]) -> None:
        super().__init__(kinds)
        self.runs: dict[str, Run] = {}

    def run(self, label: str, import_label: str, *, dry_run: bool = False) -> None:
        setup = self.imports[import_label]
        self.carry_out(Run(label, import_label, setup, self.files.get(setup.source), dry_run=dry_run))

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
        if reader.refuses_columns():
            raise Ended("failed", "column_missing")
        rows = reader.rows()
        good, rejected = [row for row in rows if row.is_good], [row for row in rows if not row.is_good]
        run.problems += [problem for row in rows for problem in row.problems()]
        run.problems += [Problem(None, "warning", "column_kept", None) for _ in reader.missing_columns()]
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
        return run.is_applied and not run.undoes and not run.additions_and_updates_only

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
