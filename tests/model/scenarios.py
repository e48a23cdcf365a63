"""Random scenarios, each from a seed alone: stories of several steps, with the borders of the rules hit on purpose."""

import random

from tests.model.file_author import Wanted
from tests.model.late_undos import LateUndos
from tests.model.steps import Scenario, WriteFile
from tests.model.stories import Story

FEATURES = frozenset({"approve", "undo", "limits", "sign_in"})
THEMES = (
    *["guard"] * 3,
    "mixed",
    *["kept"] * 3,
    "rows",
    "rows",
    "passwords",
    "generated",
    "generated",
    "options",
    "keys",
)
THEMES_OF = {
    "approve": ("approve",) * 8,
    "undo": ("undo", "undo", "undo", *["late undo"] * 4, "history"),
    "limits": ("limits",) * 2,
    "sign_in": ("passwords",),
}
SHORTEST, LONGEST = 6, 16
APPROVALS = 10
"""So many steps more where it is about approvals: a plan, what happens meanwhile, and what comes of it take some."""


def scenario_of(seed: int, features: frozenset[str] = FEATURES) -> Scenario:
    """Return the scenario of a seed."""
    rng = random.Random(seed)
    themes = [*THEMES, *(theme for feature in sorted(features) for theme in THEMES_OF[feature])]
    teller = Teller(rng, themes[seed % len(themes)], features)
    teller.tell()
    return Scenario(seed, tuple(teller.steps))


class Teller(LateUndos):
    """Puts stories together."""

    def __init__(self, rng: random.Random, theme: str, features: frozenset[str]) -> None:
        super().__init__(rng, theme)
        self.features = features
        self.has_limits = "limits" in features

    def tell(self) -> None:
        """Set an import up, fill the manager, and let things happen."""
        if self.chance(0.15):
            self.edit()
        self.do(WriteFile("a.csv", b"No\n"))
        self.save("A", self.first_setup())
        if self.theme == "keys" and self.chance(0.5):
            self.two_keys()
        size = (
            self.rng.choice([10, 10, 20])
            if self.theme in ("guard", "approve", "generated") and self.chance(0.8)
            else None
        )
        self.write(
            "A", Wanted(0, size) if size else self.files.some_file(self.model.imports["A"], self.theme, first=True)
        )
        self.run("A", dry_run=self.chance(0.05))
        self.mostly()[0]()
        stories = self.stories()
        ends_at = self.rng.randint(SHORTEST, LONGEST) + APPROVALS * (self.theme == "approve")
        while len(self.steps) < ends_at:
            self.rng.choice(stories)()
        if "sign_in" in self.features:
            self.sign_in()

    def mostly(self) -> list[Story]:
        """Return the stories of the theme."""
        told: dict[str, list[Story]] = {
            "guard": [self.border],
            "generated": [self.border],
            "options": [self.other_options, self.earlier_file, self.harmless_change],
            "keys": [self.another_key, self.empty_manager],
            "limits": [self.limit],
            "approve": [self.approval],
            "undo": [self.taking_back],
            "history": [self.history],
            "late undo": [self.late_undo],
            "kept": [self.refused_again, self.refused_again, self.column_gone, self.made_by_hand, self.made_by_hand],
        }
        return told.get(self.theme, [self.another_file])

    def stories(self) -> list[Story]:
        """Return what may happen, as often as it is likely."""
        stories: list[Story] = [*[self.another_file] * 4, *[self.other_options] * 2, *[self.edit] * 3]
        stories += [self.again, self.earlier_file, self.second_import, self.strange_file, self.dry_run, self.border]
        stories += [self.limit] * ("limits" in self.features)
        stories += [self.approval] * ("approve" in self.features) * 2
        stories += [self.taking_back] * ("undo" in self.features) * (6 if self.theme == "passwords" else 2)
        stories += [self.late_undo] * ("undo" in self.features) * 2
        stories += [self.refused_again, self.column_gone]
        return stories + self.mostly() * 8
