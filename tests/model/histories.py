"""Random histories of a manager, to be taken back."""

import random

from tests.model.parts import Contact
from tests.model.steps import WriteFile
from tests.model.stories import Stories


class History(Stories):
    """Some contacts made by hand, then runs of one import or several, in which nobody interferes.

    `begins` is the number of steps before the first import, `before` are the contacts then; `applied` the runs that can
    be undone.
    """

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        super().__init__(rng, rng.choice(["undo", "passwords", "generated", "mixed"]))
        for _ in range(3):
            self.edit()
        self.begins = len(self.steps)
        self.before = fields_of(self.model.contacts)
        self.do(WriteFile("a.csv", b"No\n"))
        self.save("A", self.first_setup())
        for _ in range(rng.randint(2, 5)):
            rng.choice([self.another_file, self.another_file, self.other_options, self.second_import])()
        self.applied = [run.label for run in self.model.runs.values() if run.is_applied]

    def undo_from_last_to_first(self) -> None:
        for label in self.applied[::-1]:
            self.undo(label)

    def undo_in_any_order(self) -> list[str]:
        """Return the contacts that one run alone wrote to: they are as they were before."""
        alone = [unique_id for unique_id, labels in self._writers().items() if len(labels) == 1]
        for label in self.rng.sample(self.applied, len(self.applied)):
            self.undo(label)
        return alone

    def _writers(self) -> dict[str, list[str]]:
        writers: dict[str, list[str]] = {}
        for label in self.applied:
            for unique_id in self.model.runs[label].plan:
                writers.setdefault(unique_id, []).append(label)
        return writers


def fields_of(contacts: dict[str, Contact]) -> dict[str, dict[str, str]]:
    """Return the contacts' fields, by unique id."""
    return {unique_id: dict(contact.fields) for unique_id, contact in contacts.items()}
