"""The stories that scenarios are made of: some steps each that belong together."""

from collections.abc import Callable
from dataclasses import replace

from tests.model.author import COLUMNS, Author
from tests.model.file_author import Wanted
from tests.model.parts import NO_LIMIT
from tests.model.steps import DeleteContact, PutContact, WriteFile

Story = Callable[[], object]


class Stories(Author):
    """Each method tells one."""

    has_limits = True

    def another_file(self) -> None:
        self.write_and_run(self.import_label())

    def again(self) -> None:
        self.run(self.import_label())

    def earlier_file(self) -> None:
        """Put a file back that was there before, then run."""
        label = self.import_label()
        source = self.model.imports[label].source
        files = [step.content for step in self.steps if isinstance(step, WriteFile) and step.source == source]
        self.do(WriteFile(source, self.rng.choice(files[-3:])))
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
        if not setup.generate and self.contact_count % 10 and self.chance(0.7):
            self.write_and_run(label, Wanted(self.contact_count, 10 - self.contact_count % 10))
        tenth = self.contact_count // 10
        spoilt = self.rng.choice([None, None, *["known rejected", "known again", "unreadable"] * 2, "no good row"])
        if setup.generate:
            good = self.rng.choice([tenth, tenth, tenth + 1, self.contact_count])
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

    # Dry runs and approvals

    def dry_run(self) -> None:
        label = self.import_label()
        if self.chance(0.6):
            self.write(label)
        self.run(label, dry_run=True)

    def approval(self) -> None:
        """Have a run refused or a dry run planned, let something happen, and approve it."""
        waiting = self.waiting()
        for _ in range(0 if waiting and self.chance(0.3) else 2):
            makers: list[Story] = [self.border, self.dry_run, *[self.limit] * self.has_limits]
            self.rng.choice(makers)()
            if waiting := self.waiting(newest=True):
                break
        if waiting is None:
            return
        label = self.model.runs[waiting].import_label
        for _ in range(self.rng.choice([0, 1, 1, 1, 1, 2])):
            if self.chance(0.75):
                self.meanwhile(label)
            else:
                self.edit()
        if self.chance(0.15):
            self.approve(waiting, only=self.chance(0.3), dry_run=True)
        self.approve(waiting, only=self.chance(0.3))
        if self.chance(0.6):
            self.run(label)
        if self.chance(0.2):
            self.approve(waiting)

    def waiting(self, *, newest: bool = False) -> str | None:
        """Return a run that waits to be approved."""
        if newest:
            run = self.newest
            return run.label if run.status in ("refused", "planned") and run.trigger == "api" else None
        return self.some_run(lambda run: run.status in ("refused", "planned") and run.trigger == "api")

    def meanwhile(self, label: str) -> None:
        """Do what may happen while a plan waits for somebody to approve it."""
        setup = self.model.imports[label]
        match self.rng.choice(
            ["options", "options", "file", "file", "failed", "undo", "undo", "other", "other", "newer", "deleted"]
        ):
            case "options":
                self.save(label, self.changed(replace(setup, delete_missing=not setup.delete_missing)))
            case "file":
                self.write(label)
            case "failed" if not setup.is_upload:
                old = self.model.files[setup.source]
                self.do(WriteFile(setup.source, None))
                self.run(label)
                self.do(WriteFile(setup.source, old))
            case "undo":
                if run := self.some_run(lambda run: run.is_applied and not run.undone_by):
                    self.undo(run)
            case "other":
                self.second_import()
            case "newer":
                self.run(label, dry_run=self.chance(0.5))
            case "deleted" if self.contact_count:
                self.do(DeleteContact(self.rng.choice(sorted(self.model.contacts))))

    # Undo

    def taking_back(self) -> None:
        """Have something to take back, let others write to what it wrote, and take it back; at times that too."""
        if self.chance(0.5):
            self.another_file()
        run = self.some_run(lambda run: run.is_applied and not run.undone_by and bool(run.plan))
        if run is None:
            return
        for _ in range(self.rng.choice([0, 0, 1, 1, 2])):
            self.edit_what_was_written(run)
        if self.chance(0.2):
            self.undo(run, dry_run=True)
        undo = self.undo(run)
        match self.rng.choice(["again", "redo", "redo", "run", "nothing", "nothing"]):
            case "again":
                self.undo(run)
            case "redo" if undo in self.model.runs:
                if self.chance(0.3):
                    self.edit_what_was_written(undo)
                self.undo(undo)
                if self.chance(0.4):
                    self.undo(run)
            case "run":
                self.run(self.model.runs[run].import_label)

    def edit_what_was_written(self, label: str) -> None:
        """Write by hand to a contact that a run wrote to, mostly to a field that it changed."""
        plan = self.model.runs[label].plan
        if not plan:
            return
        updated = [unique_id for unique_id, change in plan.items() if change.kind == "updated"]
        unique_id = self.rng.choice(sorted(updated if updated and self.chance(0.7) else plan))
        before, after = plan[unique_id].before or {}, plan[unique_id].after or {}
        wrote = [name for name in self.model.kinds if before.get(name) != after.get(name)]
        if self.chance(0.15) and before and unique_id in self.model.contacts:
            self.do(PutContact(unique_id, {name: before.get(name, "") for name in {*before, *wrote} - {"Secret"}}))
        else:
            self.edit(unique_id, names=wrote if self.chance(0.7) else None)
