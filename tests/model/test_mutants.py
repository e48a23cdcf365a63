"""The scenarios are strong enough: each way in which the rules might be got wrong shows in one of them."""

from collections.abc import Iterator

import pytest

from tests.model.mutants import MUTANTS
from tests.model.reference import Reference
from tests.model.scenarios import scenario_of
from tests.model.steps import KINDS, Outcome, Scenario, play
from tests.model.test_differential import TENTH


@pytest.fixture(scope="module")
def played(seed: int) -> list[tuple[Scenario, list[Outcome]]]:
    """The scenarios that the services play in every test run, with what the rules say."""
    scenarios = [scenario_of(seed + number) for number in range(TENTH)]
    return [(scenario, list(outcomes(Reference(KINDS), scenario))) for scenario in scenarios]


def outcomes(model: Reference, scenario: Scenario) -> Iterator[Outcome]:
    return (play(model, step) for step in scenario.steps)


def differs(model: Reference, scenario: Scenario, expected: list[Outcome]) -> bool:
    return any(found != wanted for found, wanted in zip(outcomes(model, scenario), expected, strict=True))


def test_the_same_seed_gives_the_same_scenario(played: list[tuple[Scenario, list[Outcome]]], seed: int) -> None:
    assert scenario_of(seed) == played[0][0]
    assert not any(differs(Reference(KINDS), scenario, expected) for scenario, expected in played)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_model_is_caught(name: str, played: list[tuple[Scenario, list[Outcome]]]) -> None:
    caught = any(differs(MUTANTS[name](KINDS), scenario, expected) for scenario, expected in played)
    assert caught, f"no scenario tells {name} from the rules"
