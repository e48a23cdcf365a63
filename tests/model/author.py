"""What an author of scenarios can write: set-ups, files, runs, edits by hand, approvals and undos, one at a time.

The author plays along in the reference model, to know who is in the manager when a file for the next run is written.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.model.file_author import FileAuthor, Wanted
from tests.model.parts import NO_LIMIT, Limit, Run, Setup
from tests.model.reference import Reference
from tests.model.steps import (
    KINDS,
    Approve,
    DeleteContact,
    PutContact,
    SaveImport,
    SignIn,
    StartRun,
    Step,
    Undo,
    WriteFile,
    play,
)

COLUMNS = {
    "No": "No",
    "Name": "Name",
    "Mail": "E-mail",
    "Age": "Age",
    "Born": "Born",
    "Secret": "Password",
    "Alt": "Alt",
}


TOGGLED = ("delete_missing", "update_existing", "every_time", "trim", "scheduled", "keep_refused", "keep_missing")


class Author:
    """Writes steps; `theme` says what the scenario is about."""

    def __init__(self, rng: random.Random, theme: str) -> None:
        self.rng = rng
        self.theme = theme
        self.model = Reference(KINDS)
        self.files = FileAuthor(rng, self.model)
        self.steps: list[Step] = []

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def do(self, step: Step) -> None:
        self.steps.append(step)
        play(self.model, step)

    def new_label(self) -> str:
        """Return a label for a run that is yet to be."""
        return f"r{len(self.steps) + 1}"

    @property
    def contact_count(self) -> int:
        return len(self.model.contacts)

    @property
    def newest(self) -> Run:
        return list(self.model.runs.values())[-1]

    # Set-ups

    def first_setup(self) -> Setup:
        has_header = self.chance(0.9)
        fields = ["No", "Name"]
        fields += [name for name in ("Mail", "Age", "Born", "Alt") if self.chance(0.4)]
        if self.theme == "kept" and not {"Mail", "Age", "Born"} & set(fields):
            fields.append("Mail")
        if self.theme == "passwords" or self.chance(0.6 if self.theme == "late undo" else 0.15):
            fields.append("Secret")
        generate = self.theme == "generated"
        if generate and self.chance(0.7):
            fields.remove("No")
        columns = [COLUMNS[name] if has_header else str(number) for number, name in enumerate(fields, start=1)]
        guarded = self.theme in ("guard", "generated", "approve")
        is_upload = self.chance(0.05 if guarded else 0.15)
        return Setup(
            "a.csv",
            tuple(zip(columns, fields, strict=True)),
            is_upload=is_upload,
            generate=generate,
            has_header=has_header,
            delimiter=self.rng.choice(",,,;|\t"),
            trim=self.chance(0.5 if self.theme == "rows" else 0.85),
            delete_missing=self.chance(0.9 if guarded else 0.65),
            update_existing=self.chance(0.85),
            every_time=self.chance(0.05 if self.theme == "approve" else 0.2),
            keep_refused=self.chance(0.9 if self.theme == "kept" else 0.15),
            keep_missing=self.chance(0.5 if self.theme == "kept" else 0.15),
            max_row_errors=self.rng.choice([None, None, None, None, None, None, 1, 2]),
            scheduled=not is_upload and self.chance(0.9 if guarded else 0.35),
        )

    def save(self, label: str, setup: Setup) -> None:
        self.do(SaveImport(label, setup))

    def change(self, label: str, **changes: Any) -> None:
        self.save(label, replace(self.model.imports[label], **changes))

    def import_label(self) -> str:
        return self.rng.choice(list(self.model.imports))

    def changed(self, setup: Setup) -> Setup:
        """Return a set-up with one thing changed."""
        toggled = self.rng.choice([*TOGGLED, "mail", "mail", "budget"])
        match toggled:
            case "mail":
                return replace(setup, error_email=self.rng.choice(["it@example.com", "hr@example.com"]))
            case "budget":
                return replace(setup, max_row_errors=self.rng.choice([None, 0, 1, 2, 3]))
            case "scheduled" if setup.is_upload:
                return setup
            case "trim" if self.chance(0.5):
                return self.other_mapping(setup)
            case "every_time" if self.chance(0.3):
                return replace(setup, encoding=None if setup.encoding else "cp1252")
            case _:
                toggle: dict[str, Any] = {toggled: not getattr(setup, toggled)}
                return replace(setup, **toggle)

    def other_mapping(self, setup: Setup) -> Setup:
        """Map one field more or less."""
        mapped = {name: column for column, name in setup.mapping}
        name = self.rng.choice([name for name in KINDS if name not in (setup.key, "No")])
        if name in mapped and len(mapped) > 2:
            del mapped[name]
        elif name not in mapped and setup.has_header:
            mapped[name] = COLUMNS[name]
        return replace(setup, mapping=tuple((column, name) for name, column in mapped.items()))

    # Files and runs

    def write(self, label: str, wanted: Wanted | None = None) -> None:
        setup = self.model.imports[label]
        self.do(WriteFile(setup.source, self.files.file_for(setup, wanted or self.files.some_file(setup, self.theme))))

    def run(self, label: str, *, dry_run: bool = False) -> str:
        name = self.new_label()
        self.do(StartRun(name, label, dry_run))
        return name

    def write_and_run(self, label: str, wanted: Wanted | None = None) -> str:
        self.write(label, wanted)
        return self.run(label)

    # What people do

    def approve(self, run: str, *, only: bool = False, dry_run: bool = False) -> str:
        label = self.new_label()
        self.do(Approve(label, run, only, dry_run))
        return label

    def undo(self, run: str, *, dry_run: bool = False) -> str:
        label = self.new_label()
        self.do(Undo(label, run, dry_run))
        return label

    def some_run(self, wanted: Callable[[Run], bool]) -> str | None:
        """Return a run, mostly the newest of those that are wanted, now and then any."""
        runs = list(self.model.runs.values())
        fitting = [run.label for run in runs if wanted(run)]
        if runs and self.chance(0.05):
            return self.rng.choice([run.label for run in runs if not run.dry_run or run.trigger == "api"] or [None])
        if not fitting:
            return None
        return fitting[-1] if self.chance(0.6) else self.rng.choice(fitting)

    def edit(self, unique_id: str | None = None, *, names: list[str] | None = None) -> None:
        """Write or delete a contact by hand; `names` are the fields of which one is to change."""
        known = sorted(self.model.contacts)
        if unique_id is None and known and self.chance(0.75):
            secret = [name for name in known if "Secret" in self.model.contacts[name].fields]
            unique_id = self.rng.choice(secret if secret and self.chance(0.5) else known)
        if unique_id not in self.model.contacts:
            self.do(PutContact(unique_id or self.files.new_id(), {"Name": self.files.name()}))
        elif self.chance(0.25):
            self.do(DeleteContact(unique_id))
        else:
            fields = dict(self.model.contacts[unique_id].fields)
            fields.pop("Secret", None)
            fallback = [
                name for name in KINDS if name != self.model.key and (name != "Secret" or self.theme == "passwords")
            ]
            name = self.rng.choice(names or fallback)
            fields[name] = self.value_by_hand(name) if self.chance(0.8) else ""
            self.do(PutContact(unique_id, fields))

    def value_by_hand(self, name: str) -> str:
        return f"by hand {len(self.steps)}" if name == "Secret" and self.chance(0.3) else self.files.value(name)

    def limit_at_what_is_planned(self, label: str) -> None:
        """Set limits at what the next run would do, one above or one below, as a count or as a share."""
        counts = self.files.counts_of(label)
        limits: dict[str, Limit] = {}
        for name, count in (("deletes", "deleted"), ("updates", "updated"), ("adds", "added")):
            near = max(counts.get(count, 0) + self.rng.choice([0, 0, 1, 1, -1]), 0)
            share = near * 100 / (self.contact_count or 1)
            if self.chance(0.4):
                limits[name] = NO_LIMIT
            elif self.chance(0.5) or share > 100:
                limits[name] = Limit(count=near)
            else:
                limits[name] = Limit(percent=share)
        self.change(label, **limits)

    def sign_in(self) -> None:
        """Try passwords that are right, and some that are not, or not any more."""
        for unique_id, contact in sorted(self.model.contacts.items()):
            if password := contact.fields.get("Secret"):
                self.do(SignIn(unique_id, password))
                if self.chance(0.3):
                    self.do(SignIn(unique_id, self.files.value("Secret")))
