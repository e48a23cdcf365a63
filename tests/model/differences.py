"""Plays a scenario in the model and in the services side by side, and tells where they part, as short as can be."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pprint import pformat

from tests.model.parts import Setup
from tests.model.reference import Reference
from tests.model.services import Services
from tests.model.steps import KINDS, Outcome, SaveImport, Scenario, Step, WriteFile, play

Play = Callable[[Scenario], Awaitable["Difference | None"]]


@dataclass
class Difference:
    """The step after which the services are not where the model is."""

    scenario: Scenario
    step: int
    expected: Outcome
    found: Outcome

    def report(self) -> str:
        """Return what happened, step by step, and what differs after the last."""
        steps = self.scenario.steps[: self.step + 1]
        told = "\n".join(f"  {number}. {describe(step)}" for number, step in enumerate(steps, start=1))
        return f"scenario {self.scenario.seed}:\n{told}\n{self.what()}"

    def what(self) -> str:
        """Return only what differs."""
        return "\n".join(f"  {line}" for line in differences(self.expected, self.found))


def differences(expected: object, found: object, at: str = "") -> list[str]:
    """Return one line for each leaf that differs."""
    if isinstance(expected, dict) and isinstance(found, dict):
        names = [*expected, *(name for name in found if name not in expected)]
        return [
            line
            for name in names
            if expected.get(name) != found.get(name)
            for line in differences(expected.get(name), found.get(name), f"{at}/{name}")
        ]
    return [f"{at}: the rules say {pformat(expected, width=200)}, the services {pformat(found, width=200)}"]


def describe(step: Step) -> str:
    """Return a step as a person can read it; of a set-up only what is not as usual."""
    match step:
        case SaveImport(label, setup):
            usual = Setup(setup.source, setup.mapping)
            unusual = {k: v for k, v in vars(setup).items() if k in ("source", "mapping") or v != getattr(usual, k)}
            return f"save import {label}: {unusual}"
        case WriteFile(source, content):
            return f"write {source}: {content!r}"
    return str(step)


async def first_difference(scenario: Scenario, services: Services) -> Difference | None:
    """Play a scenario; return where it first differs."""
    model = Reference(KINDS)
    for number, step in enumerate(scenario.steps):
        expected = play(model, step)
        found = await services.play(step)
        if expected != found:
            return Difference(scenario, number, expected, found)
    return None


async def shrunk(difference: Difference, again: Play, *, tries: int = 60) -> Difference:
    """Drop steps as long as the services still differ from the model."""
    steps = difference.scenario.steps[: difference.step + 1]
    place = len(steps) - 2
    while place >= 0 and tries:
        fewer = steps[:place] + steps[place + 1 :]
        tries -= 1
        found = await again(replace(difference.scenario, steps=fewer))
        if found is not None:
            difference, steps = found, found.scenario.steps[: found.step + 1]
            place = min(place, len(steps) - 1)
        place -= 1
    return difference
