"""What may be got wrong about keys, edits by hand, and reading files."""

from tests.model.mutants.registry import mutant, of_reader
from tests.model.parts import Run
from tests.model.reading import Reader, Row
from tests.model.reference import Reference


@mutant
class KeyIsJudgedOnlyWhenSaved(Reference):
    def judge(self, run: Run) -> None:
        self.key = run.setup.key if not self.contacts else self.key
        key, self.key = self.key, run.setup.key
        try:
            super().judge(run)
        finally:
            self.key = key


@mutant
class WritingByHandTakesPasswordsOut(Reference):
    def put_contact(self, unique_id: str, fields: dict[str, str]) -> None:
        super().put_contact(unique_id, {name: "" for name, kind in self.kinds.items() if kind == "password"} | fields)


@of_reader
class EmptyIdsHoldDeletesBack(Reader):
    def unique_id(self, cells: list[str]) -> str | None:
        return super().unique_id(cells) or None


@of_reader
class UnreadableIdsHoldNothingBack(Reader):
    def unique_id(self, cells: list[str]) -> str | None:
        found = super().unique_id(cells)
        return "" if found is None and not self.setup.generate else found


@of_reader
class PasswordsAreTrimmed(Reader):
    def value(self, cell: str, name: str) -> str:
        return self.trimmed(super().value(cell, name)) if self.kinds[name] == "password" else super().value(cell, name)


@of_reader
class TrimsAsPythonDoes(Reader):
    def trimmed(self, text: str) -> str:
        return text.strip()


@of_reader
class TrimsAlways(Reader):
    def value(self, cell: str, name: str) -> str:
        return super().value(cell, name) if self.kinds[name] == "password" else self.trimmed(cell)


@of_reader
class IdsIgnoreCase(Reader):
    def unique_id(self, cells: list[str]) -> str | None:
        found = super().unique_id(cells)
        return found and found.lower()


@of_reader
class MoreBlankCellsAreTooMany(Reader):
    def shape(self, cells: list[str]) -> list[str]:
        return super().shape(cells) or ["too_many_cells"] * (len(cells) > self.width)


@of_reader
class ShortRowsAreFilledUp(Reader):
    def judged(self, line: int, cells: list[str]) -> Row:
        return super().judged(line, cells + [""] * (self.width - len(cells)))


@of_reader
class BrokenCellsThatNobodyMapsAreFine(Reader):
    def broken(self, cells: list[str]) -> list[str]:
        mapped = {column for column, _ in self.setup.mapping}
        return super().broken([cell for name, cell in zip(self.columns, cells, strict=False) if name in mapped])
