"""What the rules of undo come to, held by the reference model; the services are held to the model."""

import random

import pytest

from tests.model.parts import Contact
from tests.model.steps import WriteFile
from tests.model.stories import Stories

HISTORIES = 200


class History(Stories):
    """Some contacts made by hand, then runs of one import or several, in which nobody interferes."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        super().__init__(rng, rng.choice(["undo", "passwords", "generated", "mixed"]))
        for _ in range(3):
            self.edit()
        self.before = fields_of(self.model.contacts)
        self.do(WriteFile("a.csv", b"No\n"))
        self.save("A", self.first_setup())
        for _ in range(rng.randint(2, 5)):
            rng.choice([self.another_file, self.another_file, self.other_options, self.second_import])()
        self.applied = [run.label for run in self.model.runs.values() if run.is_applied]

    def writers(self) -> dict[str, list[str]]:
        """Return for each contact the runs that wrote to it."""
        writers: dict[str, list[str]] = {}
        for label in self.applied:
            for unique_id in self.model.runs[label].plan:
                writers.setdefault(unique_id, []).append(label)
        return writers


def fields_of(contacts: dict[str, Contact]) -> dict[str, dict[str, str]]:
    return {unique_id: dict(contact.fields) for unique_id, contact in contacts.items()}


@pytest.fixture(scope="module")
def seeds(seed: int) -> range:
    return range(seed, seed + HISTORIES)


def test_undone_from_the_last_to_the_first_all_is_as_it_was(seeds: range) -> None:
    for seed in seeds:
        history = History(seed)
        for label in history.applied[::-1]:
            history.undo(label)
        assert fields_of(history.model.contacts) == history.before, seed


def test_undone_in_any_order_contacts_of_one_run_alone_are_as_they_were(seeds: range) -> None:
    restored = 0
    for seed in seeds:
        history = History(seed)
        alone = [unique_id for unique_id, labels in history.writers().items() if len(labels) == 1]
        for label in history.rng.sample(history.applied, len(history.applied)):
            history.undo(label)
        after = fields_of(history.model.contacts)
        assert {name: after.get(name) for name in alone} == {name: history.before.get(name) for name in alone}, seed
        restored += len(alone)
    assert restored > HISTORIES


def test_an_undo_that_is_undone_leaves_what_was_there_before_it(seeds: range) -> None:
    for seed in seeds:
        history = History(seed)
        if history.applied:
            before = fields_of(history.model.contacts)
            history.undo(history.undo(history.rng.choice(history.applied)))
            assert fields_of(history.model.contacts) == before, seed
