"""The stories of files that lack something: values that a kind refuses, columns that are mapped."""

from typing import Any

from tests.model.decisions import Decisions
from tests.model.files import Line
from tests.model.parts import NO_LIMIT, Limit, Setup
from tests.model.spoiling import REFUSED
from tests.model.steps import PutContact, WriteFile


class Keeping(Decisions):
    """Each method tells one."""

    def refused_again(self) -> None:
        """Have the same contact refused in several files, with another of its values changed each time."""
        label = self.import_that_keeps()
        if label is None or not self.contact_count:
            return self.another_file()
        unique_id = self.rng.choice(sorted(self.model.contacts))
        for number in range(self.rng.choice([2, 3, 3, 4])):
            setup = self.model.imports[label]
            lines = [self.files.known_line(setup, name) for name in sorted(self.model.contacts) if name != unique_id]
            if unique_id in self.model.contacts:
                lines.append(self.refused_line(setup, self.files.known_line(setup, unique_id)))
            self.rng.shuffle(lines)
            self.do(WriteFile(setup.source, self.files.laid_out(setup, lines)))
            if number and self.chance(0.3):
                self.other_keeping(label)
            self.run(label)
            if self.chance(0.1):
                self.edit(unique_id)
        return None

    def column_gone(self) -> None:
        """Have a column missing from a file, and there again in the next."""
        label = self.import_that_keeps()
        if label is None:
            return self.another_file()
        if self.chance(0.8):
            self.change(label, keep_missing=True)
        for lacks in self.rng.choice([[True], [True, True], [True, False], [False, True, False]]):
            setup = self.model.imports[label]
            lines = [self.files.known_line(setup, name) for name in sorted(self.model.contacts)]
            lines += [self.files.new_line(setup, "many") for _ in range(self.rng.choice([0, 0, 1, 3]))]
            self.do(WriteFile(setup.source, self.files.laid_out(setup, lines, lacks_column=lacks)))
            if self.chance(0.2):
                self.other_keeping(label)
            self.run(label)
        return None

    def made_by_hand(self) -> None:
        """Have a plan that waits add somebody with a refused value, who is made by hand meanwhile; approve it."""
        label = self.import_that_keeps()
        if label is None:
            return self.another_file()
        setup = self.model.imports[label]
        lines = [self.files.known_line(setup, name) for name in sorted(self.model.contacts)]
        new = self.refused_line(setup, self.files.new_line(setup, "many"))
        self.do(WriteFile(setup.source, self.files.laid_out(setup, [*lines, new])))
        is_refused = self.has_limits and self.chance(0.5)
        self.change(label, adds=Limit(count=1) if is_refused else NO_LIMIT)
        waiting = self.run(label, dry_run=not is_refused)
        if not self.may_be_approved(self.model.runs[waiting]):
            return None
        fields = {name: self.files.value(name) for name in [*checked(setup), "Name"] if self.chance(0.9)}
        fields.pop(setup.key, None)
        for unique_id in sorted(set(self.model.runs[waiting].rows) & {new.values[setup.key].strip()}):
            self.do(PutContact(unique_id, fields))
        self.approve_until_applied(waiting)
        if self.chance(0.5):
            self.run(label)
        return None

    def approve_until_applied(self, waiting: str) -> None:
        approval = self.approve(waiting, only=self.chance(0.1))
        if approval in self.model.runs and self.model.runs[approval].status == "planned":
            self.approve(approval)

    def import_that_keeps(self) -> str | None:
        """Return an import that can refuse values, and now mostly keeps what is stored then; None: there is none."""
        fitting = [label for label, setup in self.model.imports.items() if checked(setup) and not setup.generate]
        if not fitting:
            return None
        label = self.rng.choice(fitting)
        setup = self.model.imports[label]
        wanted: dict[str, Any] = {"keep_refused": True, "update_existing": True}
        if any(getattr(setup, name) != value for name, value in wanted.items()) and self.chance(0.85):
            self.change(label, **wanted)
        return label

    def other_keeping(self, label: str) -> None:
        """Change what has a say in what is kept."""
        setup = self.model.imports[label]
        name = self.rng.choice(["keep_refused", "keep_refused", "keep_missing", "update_existing", "trim"])
        self.save(label, self.other_mapping(setup)) if self.chance(0.2) else self.change(
            label, **{name: not getattr(setup, name)}
        )

    def refused_line(self, setup: Setup, line: Line) -> Line:
        """Return a row with a value that is refused, and mostly another that is new."""
        names = checked(setup)
        if not names:
            return line
        refused = self.rng.choice(names)
        others = [name for _, name in setup.mapping if name not in (refused, setup.key)]
        if others and self.chance(0.85):
            other = self.rng.choice(others)
            line.values[other] = self.files.value(other)
        line.values[refused] = REFUSED[refused]
        return line


def checked(setup: Setup) -> list[str]:
    """Return the mapped fields whose kinds can refuse a value."""
    return [name for _, name in setup.mapping if name in REFUSED]
