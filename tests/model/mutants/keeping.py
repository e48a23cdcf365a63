"""What may be got wrong where refused values, and those of missing columns, leave what is stored."""

from dataclasses import replace

from tests.model.manager import filled
from tests.model.mutants.registry import mutant, of_reader
from tests.model.parts import Change, Contact, Run
from tests.model.reading import Reader, Row
from tests.model.reference import Reference


@mutant
class RowsThatAreRefusedAgainBringNothing(Reference):
    """As if such rows had one hash, and equal ones were equal rows."""

    def __init__(self, kinds: dict[str, str]) -> None:
        super().__init__(kinds)
        self.refused_in: dict[str, set[str]] = {}

    def last_of_each(self, run: Run, good: list[Row]) -> tuple[dict[str, Row], int]:
        taken, duplicates = super().last_of_each(run, good)
        for unique_id, row in taken.items():
            contact = self.contacts.get(unique_id)
            if row.kept and contact and unique_id in self.refused_in.get(str(contact.writer), ()):
                row.values = {}
        self.refused_in[run.label] = {unique_id for unique_id, row in taken.items() if row.kept}
        return taken, duplicates


@of_reader
class RefusedValuesEmptyTheirFields(Reader):
    def take(self, row: Row, name: str, value: str) -> None:
        super().take(row, name, value)
        row.values.setdefault(name, "")


@of_reader
class RefusedValuesAreStored(Reader):
    def take(self, row: Row, name: str, value: str) -> None:
        super().take(row, name, value)
        row.values.setdefault(name, value)


@of_reader
class RefusedValuesAlwaysReject(Reader):
    def take(self, row: Row, name: str, value: str) -> None:
        row.values[name] = value
        row.codes += self.refused(name, value)


@of_reader
class RefusedValuesAreKeptInSilence(Reader):
    def take(self, row: Row, name: str, value: str) -> None:
        super().take(row, name, value)
        row.kept = []


@of_reader
class RefusedValuesKeepTheWholeContact(Reader):
    def judged(self, line: int, cells: list[str]) -> Row:
        row = super().judged(line, cells)
        row.values = {} if row.kept else row.values
        return row


@of_reader
class MissingColumnsAlwaysFail(Reader):
    def refuses_columns(self) -> bool:
        return bool(self.missing_columns())


@of_reader
class MissingColumnsEmptyTheirFields(Reader):
    def judged(self, line: int, cells: list[str]) -> Row:
        row = super().judged(line, cells)
        missing = self.missing_columns()
        row.values |= {name: "" for column, name in self.setup.mapping if column in missing}
        return row


@mutant
class KeepingIsNotCompared(Reference):
    def is_unchanged(self, run: Run) -> bool:
        last = self.last_applied_in_full(run.import_label)
        old = last.setup if last else run.setup
        setup = replace(run.setup, keep_refused=old.keep_refused, keep_missing=old.keep_missing)
        return super().is_unchanged(replace(run, setup=setup))


@mutant
class ContactsMadeByHandLoseWhatARowKeeps(Reference):
    """What a row that was to be added has no value for is emptied, also where it was refused."""

    def planned_anew(self, run: Run, unique_id: str, change: Change, contact: Contact | None) -> Change | None:
        anew = super().planned_anew(run, unique_id, change, contact)
        if change.before is not None or contact is None or anew is None or anew.after is None:
            return anew
        mapped = [name for _, name in run.setup.mapping if name != run.setup.key and self.kinds[name] != "password"]
        after = filled(anew.after | {name: (change.after or {}).get(name, "") for name in mapped})
        return anew._replace(after=after)
