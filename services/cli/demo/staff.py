"""The first steps: the staff of a company, from a file that its personnel system puts on an SFTP server each day."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from services.cli.demo.desk import Desk
from services.cli.demo.people import HEADER, NextDay, Person, make_next_day, make_people, write_people
from services.cli.demo.scene import FileServer
from services.cli.demo.step import Facts, Step, facts, facts_of_run
from services.cli.run_report import described
from shared.rules.trimming import trim

FILE: Final = "personnel.csv"
PEOPLE: Final = 20_000
_GONE: Final = 40
_NEW: Final = 60
_WRONG_SHARE: Final = 20
"""One contact of so many is in the wrong file: 5 %."""

_SEED: Final = 1
_EXAMPLES: Final = 3
HOST_KEY_KEPT: Final = "the server's host key kept"
AS_ON_THE_FIRST_DAY: Final = "the same values as on the first day"


@dataclass
class Staff:
    """The contact manager, its import, and the files of the days; the ids are there after the first step."""

    desk: Desk
    server: FileServer
    today: date
    first_day: list[Person] = field(init=False)
    next_day: NextDay = field(init=False)
    manager_id: str = ""
    import_id: str = ""
    next_day_run: str = ""

    def __post_init__(self) -> None:
        """Make up the people."""
        chance = random.Random(_SEED)  # noqa: S311 - made-up people, the same each time
        self.first_day = make_people(PEOPLE, chance)
        self.next_day = make_next_day(self.first_day, chance, gone=_GONE, new=_NEW)

    def steps(self) -> list[Step]:
        """Return the steps, in the order they build on each other."""
        day = self.next_day
        now = len(day.people)
        wrong = len(self._wrong_people())
        untouched = now - day.changed - day.new
        changes = {"read": now, "added": day.new, "updated": day.changed, "unchanged": untouched, "deleted": day.gone}
        undone = {"added": day.gone, "updated": day.changed, "deleted": day.new}
        return [
            Step(
                "First import",
                f"A file of {PEOPLE:,} people lies on an SFTP server. It fills an empty contact manager.",
                facts("succeeded", {"read": PEOPLE, "added": PEOPLE}, PEOPLE, HOST_KEY_KEPT),
                self._first_import,
            ),
            Step(
                "The next day's file",
                f"1 % of the people sit in another department, {day.gone} are gone, {day.new} are new. The import "
                "deletes contacts that are not in the file, because it was set up so.",
                facts("succeeded", changes, now),
                self._next_day,
            ),
            Step(
                "The same file again",
                "Nothing about the file has changed, so there is nothing to do.",
                facts("unchanged", {}, now),
                self._run,
            ),
            Step(
                "The wrong file",
                f"Somebody put a list of only {wrong:,} people in its place. The import has a schedule and deletes "
                "what is not in the file: such a file would all but empty the contact manager.",
                facts("refused (guard_ten_percent)", {"read": wrong, "unchanged": wrong, "deleted": now - wrong}, now),
                lambda: self._run_with(self._wrong_people()),
            ),
            Step(
                "Taken back",
                "The second day's file turns out to be of the wrong month. What its import did is taken back: who was "
                "added goes, who was deleted returns, what was changed is as it was. First that is only shown.",
                ("planned", f"{now:,} contacts", *facts("succeeded", undone, PEOPLE), AS_ON_THE_FIRST_DAY),
                self._take_back,
            ),
        ]

    def _wrong_people(self) -> list[Person]:
        return self.next_day.people[::_WRONG_SHARE]

    def _first_import(self) -> Facts:
        kinds = {"E-mail": "email", "Joined": "date"}
        self.manager_id = self.desk.make_manager("Staff", {name: kinds.get(name, "text") for name in HEADER})
        write_people(self.server.folder / FILE, self.first_day)
        self.import_id = self.desk.make_import(
            "Staff, from the personnel system",
            self.manager_id,
            self.server.source(FILE),
            options={"delete_missing": True},
            schedule={
                "start": f"{self.today + timedelta(days=1)}T06:30:00",
                "time_zone": "Europe/Berlin",
                "rrule": "FREQ=DAILY",
            },
        )
        found = self._run()
        kept = self.desk.api.get(f"/imports/{self.import_id}")["source"]["host_key"]
        self.desk.say(f"The server showed the host key {kept}. It is kept: another one later fails the run.")
        return *found, HOST_KEY_KEPT if kept == self.server.host_key else f"another host key: {kept}"

    def _next_day(self) -> Facts:
        found = self._run_with(self.next_day.people)
        self.next_day_run = self.desk.runs[-1]["id"]
        plan = self.desk.api.get(f"/runs/{self.next_day_run}/plan", kind="updated", limit=_EXAMPLES)
        for change in plan["items"]:
            self.desk.say(f"For example {change['unique_id']}, line {change['line']}: {described(change)}")
        return found

    def _take_back(self) -> Facts:
        shown = self.desk.decide(self.next_day_run, "undo?dry_run=true", {})
        untouched = self.desk.contacts(self.manager_id)
        undo = self.desk.decide(shown["id"], "approve", {"reason": "The file was of the wrong month."})
        done = facts_of_run(undo, self.desk.contacts(self.manager_id))
        return (shown["status"], f"{untouched:,} contacts", *done, self._compared())

    def _compared(self) -> str:
        """Compare all contacts with the people of the first day, field by field."""
        held = self.desk.api.list_all(f"/managers/{self.manager_id}/contacts")
        wanted = {person.number: dict(zip(HEADER, map(trim, person.cells()), strict=True)) for person in self.first_day}
        differ = sum(contact["fields"] != wanted.get(contact["unique_id"]) for contact in held)
        return f"{differ:,} contacts are not as on the first day" if differ else AS_ON_THE_FIRST_DAY

    def _run_with(self, people: list[Person]) -> Facts:
        write_people(self.server.folder / FILE, people)
        return self._run()

    def _run(self) -> Facts:
        run = self.desk.run(self.import_id)
        return facts_of_run(run, self.desk.contacts(self.manager_id))
