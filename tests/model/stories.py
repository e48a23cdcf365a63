"""The stories that scenarios are made of: some steps each that belong together."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.model.author import COLUMNS, Author
from tests.model.file_author import Wanted
from tests.model.parts import NO_LIMIT
from tests.model.steps import DeleteContact, WriteFile

Story = Callable[[], object]


class Stories(Author):
    """Each method tells one."""

    def another_file(self) -> None:
        self.write_and_run(self.import_label())

    def again(self) -> None:
        self.run(self.import_label())

    def earlier_file(self) -> None:
        """Put a file back that was there before, mostly after a run with another one; then run."""
        label = self.import_label()
        source = self.model.imports[label].source
        files = [step.content for step in self.steps if isinstance(step, WriteFile) and step.source == source]
        if self.chance(0.7):
            self.write_and_run(label)
        self.do(WriteFile(source, self.rng.choice(files[-2:])))
        self.run(label)

    def other_options(self) -> None:
        """Change one or two options, then run, mostly on the same file."""
        label = self.import_label()
        setup = self.model.imports[label]
        for _ in range(self.rng.choice([1, 1, 1, 2])):
            setup = self.changed(setup)
        self.save(label, setup)
        if self.chance(0.3):
            self.write(label)
        self.run(label)

    def harmless_change(self) -> None:
        """Run, change what has no say in what a run does, and run the same file again."""
        label = self.import_label()
        if self.chance(0.5):
            self.change(label, every_time=True)
        self.write_and_run(label)
        changes: list[dict[str, Any]] = [{"error_email": "hr@example.com"}, {}]
        self.change(label, every_time=False, **self.rng.choice(changes))
        self.run(label)

    def second_import(self) -> None:
        """Let another import write to the same manager."""
        if len(self.model.imports) < 3:
            label = "ABC"[len(self.model.imports)]
            source = f"{label.lower()}.csv"
            self.do(WriteFile(source, b"No\n"))
            setup = replace(self.first_setup(), source=source, generate=self.theme == "generated" and self.chance(0.5))
            if not setup.generate and "No" not in [name for _, name in setup.mapping]:
                setup = replace(setup, mapping=(("No", "No"), *setup.mapping), has_header=True)
            self.save(label, setup)
            if label in self.model.imports:
                self.write_and_run(label)

    def strange_file(self) -> None:
        """Put something in the place of the file that is none, or is none for this import; then run."""
        label = self.import_label()
        setup = self.model.imports[label]
        old = self.model.files[setup.source] or b"No\n"
        broken = setup.delimiter.encode().join([b"\x81"] * len(setup.mapping)) + b"\n"
        strange: list[bytes | None] = [old + b'"9', b"\n \n", broken * 2, old.replace(b"N", b"\0", 1)]
        strange += [old.replace(b"Name", b"N\x81me"), old.replace(b"Name", b"Nam"), old.split(b"\n", 1)[0] + b"\n"]
        strange += [] if setup.is_upload else [None, b""]
        self.do(WriteFile(setup.source, self.rng.choice(strange)))
        self.run(label)
        if self.chance(0.7):
            self.do(WriteFile(setup.source, old))
            self.run(label)

    # Guard and limits

    def border(self) -> None:
        """Bring the manager to tens, then write a file with just a tenth of the contacts, or one more."""
        label = self.import_label()
        setup = self.model.imports[label]
        if setup.generate and self.contact_count < 10:
            self.write_and_run(label, Wanted(0, 10))
        elif not setup.generate and self.contact_count % 10 and self.chance(0.7):
            self.write_and_run(label, Wanted(self.contact_count, 10 - self.contact_count % 10))
        tenth = self.contact_count // 10
        spoilt = self.rng.choice([None, None, *["known rejected", "known again", "unreadable"] * 2, "no good row"])
        if setup.generate:
            good = self.rng.choice([tenth, tenth, tenth, tenth + 1, self.contact_count])
            self.write(label, Wanted(0, good + 1, "one rejected") if self.chance(0.5) else Wanted(0, good))
        else:
            known = tenth + self.rng.choice([0, 0, 0, 1, 1, 2])
            self.write(label, Wanted(known, self.rng.choice([0, 0, 3, 12]), spoilt))
        if self.chance(0.1):
            self.change(label, delete_missing=not setup.delete_missing)
        self.run(label)

    def limit(self) -> None:
        """Set limits by what the next run would do; then run."""
        label = self.import_label()
        if self.chance(0.8):
            self.write(label)
        if self.chance(0.2):
            self.change(label, deletes=NO_LIMIT, updates=NO_LIMIT, adds=NO_LIMIT)
        else:
            self.limit_at_what_is_planned(label)
        self.run(label)

    # Keys

    def two_keys(self) -> None:
        """Save another import with another key field, before anybody is in the manager; then run both."""
        if not self.contact_count:
            self.do(WriteFile("b.csv", b"Alt,Name\nalt 1,Ann\n"))
            setup = replace(self.model.imports["A"], source="b.csv", key="Alt", has_header=True, delimiter=",")
            setup = replace(setup, generate=False, mapping=(("Alt", "Alt"), ("Name", "Name")), every_time=True)
            self.save("B", setup)
            self.write_and_run("A")
            self.run("B")

    def another_key(self) -> None:
        """Name another key field, which only an empty manager takes."""
        label = self.import_label()
        setup = self.model.imports[label]
        key = "Alt" if setup.key == "No" else "No"
        if not setup.generate and setup.has_header and key not in [name for _, name in setup.mapping]:
            setup = replace(setup, mapping=((COLUMNS[key], key), *setup.mapping))
        if key in [name for _, name in setup.mapping]:
            self.save(label, replace(setup, key=key))
            self.run(label)

    def empty_manager(self) -> None:
        """Delete all contacts by hand, where they are few."""
        if self.contact_count <= 6:
            for unique_id in sorted(self.model.contacts):
                self.do(DeleteContact(unique_id))
