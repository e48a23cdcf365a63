"""The stories of what people decide: dry runs, approvals, and taking back."""

from dataclasses import replace

from tests.model.parts import Run
from tests.model.steps import DeleteContact, PutContact, WriteFile
from tests.model.stories import Stories, Story


class Decisions(Stories):
    """Each method tells one; `has_limits`: runs may be refused for limits."""

    has_limits = True

    # Dry runs and approvals

    def dry_run(self) -> None:
        label = self.import_label()
        if self.chance(0.6):
            self.write(label)
        self.run(label, dry_run=True)

    def approval(self) -> None:
        """Have a run refused or a dry run planned, let something happen, and approve it."""
        waiting = self.something_to_approve()
        if waiting is None:
            return
        label = self.model.runs[waiting].import_label
        for _ in range(self.rng.choice([0, 1, 1, 1, 1, 2])):
            self.meanwhile(label, waiting)
        if self.chance(0.15):
            self.approve(waiting, only=self.chance(0.3), dry_run=True)
        approval = self.approve(waiting, only=self.chance(0.3))
        if approval in self.model.runs and self.may_be_approved(self.model.runs[approval]) and self.chance(0.8):
            self.approve_shown(waiting, approval)
        if self.chance(0.8):
            self.run(label)
        if self.chance(0.2):
            self.approve(waiting)

    def approve_shown(self, waiting: str, approval: str) -> None:
        """Approve what an approval showed again, at times after it was shown another time, and that too then."""
        twice = [self.approve(waiting)] if self.chance(0.4) else []
        for shown in [approval, *twice]:
            self.approve(shown)

    def something_to_approve(self) -> str | None:
        waiting = self.waiting()
        for _ in range(0 if waiting and self.chance(0.3) else 2):
            makers: list[Story] = [self.border, self.dry_run, *[self.limit] * self.has_limits]
            self.rng.choice(makers)()
            if waiting := self.waiting(newest=True):
                break
        return waiting

    def waiting(self, *, newest: bool = False) -> str | None:
        """Return a run that waits to be approved."""
        if newest:
            run = self.newest
            return run.label if self.may_be_approved(run) else None
        return self.some_run(self.may_be_approved)

    def may_be_approved(self, run: Run) -> bool:
        return run.status in ("refused", "planned") and run.trigger != "undo"

    def meanwhile(self, label: str, waiting: str) -> None:
        """Do what may happen while a plan waits for somebody to approve it: mostly a hand that meets it."""
        match self.rng.choice(["planned", "planned", "planned", "edit", "import", "import", "import", "others"]):
            case "planned":
                self.edit_what_is_planned(waiting)
            case "edit":
                self.edit()
            case "import":
                self.use_import(label)
            case "others":
                self.rng.choice([self.second_import, self.second_import, self.undo_some, self.delete_some])()

    def undo_some(self) -> None:
        if run := self.some_run(lambda run: run.is_applied and not run.undone_by):
            self.undo(run)

    def delete_some(self) -> None:
        if self.contact_count:
            self.do(DeleteContact(self.rng.choice(sorted(self.model.contacts))))

    def use_import(self, label: str) -> None:
        """Change an import or its file, or run it."""
        setup = self.model.imports[label]
        match self.rng.choice(["options", "options", "file", "file", "file", "failed", "failed", "applied", "newer"]):
            case "options":
                self.save(label, self.changed(replace(setup, delete_missing=not setup.delete_missing)))
            case "file":
                self.write(label)
            case "failed" if not setup.is_upload:
                old = self.model.files[setup.source]
                self.do(WriteFile(setup.source, None))
                self.run(label)
                self.do(WriteFile(setup.source, old))
            case "applied":
                self.applied_file(label)
            case "newer":
                self.run(label, dry_run=self.chance(0.5))

    def applied_file(self, label: str) -> None:
        """Have the import read once more what it applied last."""
        last = self.model.last_applied_in_full(label)
        setup = self.model.imports[label]
        if last and not setup.is_upload:
            self.do(WriteFile(setup.source, last.content))
            self.run(label)

    # Undo

    def taking_back(self) -> None:
        """Have something to take back, let others write to what it wrote, and take it back; at times that too."""
        if self.chance(0.5):
            self.another_file()
        run = self.some_run(lambda run: run.is_applied and not run.undone_by and bool(run.plan))
        if run is None:
            return
        for _ in range(self.rng.choice([0, 0, 1, 1, 2])):
            self.edit_what_is_planned(run)
        if self.chance(0.2):
            self.undo(run, dry_run=True)
        undo = self.undo(run)
        match self.rng.choice(["again", "redo", "redo", "run", "nothing", "nothing"]):
            case "again":
                self.undo(run)
            case "redo" if undo in self.model.runs:
                if self.chance(0.3):
                    self.edit_what_is_planned(undo)
                self.undo(undo)
                if self.chance(0.4):
                    self.undo(run)
            case "run":
                self.run(self.model.runs[run].import_label)

    def history(self) -> None:
        """Have some runs, and take all of them back, in one order or another."""
        for _ in range(self.rng.randint(1, 3)):
            self.rng.choice([self.another_file, self.other_options, self.second_import])()
        runs = [run.label for run in self.model.runs.values() if run.is_applied and not run.undone_by]
        for run in runs[::-1] if self.chance(0.5) else self.rng.sample(runs, len(runs)):
            self.undo(run)

    def edit_what_is_planned(self, label: str) -> None:
        """Write by hand to a contact of a run's plan, mostly to a field that it changes."""
        plan = self.model.runs[label].plan
        if not plan:
            return
        updated = [unique_id for unique_id, change in plan.items() if change.kind == "updated"]
        unique_id = self.rng.choice(sorted(updated if updated and self.chance(0.7) else plan))
        before, after = plan[unique_id].before or {}, plan[unique_id].after or {}
        wrote = [name for name in self.model.kinds if before.get(name) != after.get(name)]
        if self.chance(0.2) and unique_id in self.model.contacts:
            self.do(DeleteContact(unique_id))
        elif self.chance(0.15) and before and unique_id in self.model.contacts:
            self.do(PutContact(unique_id, {name: before.get(name, "") for name in {*before, *wrote} - {"Secret"}}))
        else:
            self.edit(unique_id, names=wrote if self.chance(0.5) else None)
