"""The stories of undos that are only shown first, and approved once something else has happened."""

from tests.model.file_author import Wanted
from tests.model.keeping import Keeping
from tests.model.steps import PutContact, WriteFile


class LateUndos(Keeping):
    """Each method tells one."""

    def late_undo(self) -> None:
        """Have a run, show what its undo would do, let something happen, and approve what was shown."""
        self.run_to_be_undone()
        run = self.some_run(lambda run: run.is_applied and not run.undone_by and bool(run.plan))
        if run is None:
            return
        if self.chance(0.2):
            self.edit_what_is_planned(run)
        shown = self.undo(run, dry_run=True)
        for _ in range(self.rng.choice([0, 0, 1, 1, 1, 2])):
            self.beside_a_shown_undo(run)
        approval = self.approve(shown, dry_run=self.chance(0.1), only=self.chance(0.05))
        if approval in self.model.runs and self.model.runs[approval].status == "planned":
            if self.chance(0.3):
                self.beside_a_shown_undo(run)
            self.approve_shown(shown, approval)
        self.after_a_late_undo(run, shown)

    def run_to_be_undone(self) -> None:
        """Mostly run a file, and mostly one that changes little but somebody, who has a password where it can be."""
        label = self.import_label()
        setup = self.model.imports[label]
        people = sorted(self.model.contacts)
        if people and not setup.generate and self.chance(0.8):
            mapped = [name for _, name in setup.mapping]
            secret = [name for name in people if "Secret" in self.model.contacts[name].fields]
            changed = self.rng.choice(secret or people)
            lines = [self.files.known_line(setup, name) for name in people]
            for name in ("Name", *["Secret"] * ("Secret" in mapped)):
                lines[people.index(changed)].values[name] = self.files.value(name)
            self.do(WriteFile(setup.source, self.files.laid_out(setup, lines)))
            self.run(label)
        elif self.chance(0.7):
            self.write_and_run(label, Wanted(self.contact_count, self.rng.choice([0, 0, 1])))

    def after_a_late_undo(self, run: str, shown: str) -> None:
        match self.rng.choice(["again", "undo", "redo", "redo", "run", "nothing", "nothing"]):
            case "again":
                self.approve(shown)
            case "undo":
                self.undo(run)
            case "redo" if self.newest.undoes:
                self.undo(self.newest.label)
            case "run":
                self.run(self.model.runs[run].import_label)

    def beside_a_shown_undo(self, run: str) -> None:
        """Do what may happen while an undo waits: a hand, also at a password, a newer run, or the undo itself."""
        passwords = [name for name, contact in sorted(self.model.contacts.items()) if "Secret" in contact.fields]
        plan = self.model.runs[run].plan
        updated = [name for name, change in sorted(plan.items()) if change.before and name in self.model.contacts]
        secret = [name for name in passwords if name in updated]
        may_happen = [
            "hand",
            "hand",
            "password",
            "other",
            "other",
            "there and back",
            "run",
            "run",
            "undo",
            *["password"] * 12 * bool(secret),
        ]
        match self.rng.choice(may_happen):
            case "hand":
                self.edit_what_is_planned(run)
            case "password" if secret:
                self.edit(self.rng.choice(secret), names=["Secret"])
            case "other" if updated:
                self.edit(self.rng.choice(updated), names=["Name", "Mail", "Alt"])
            case "there and back" if updated:
                self.there_and_back(self.rng.choice(updated))
            case "run":
                self.rng.choice([self.another_file, self.again, self.second_import])()
            case "undo":
                self.undo(run)
            case _:
                self.edit()

    def there_and_back(self, unique_id: str) -> None:
        """Change a contact, and change it back."""
        fields = {name: value for name, value in self.model.contacts[unique_id].fields.items() if name != "Secret"}
        self.do(PutContact(unique_id, fields | {"Name": self.files.value("Name")}))
        self.do(PutContact(unique_id, fields))
