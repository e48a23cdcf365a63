"""The best assignment, against all there are."""

import random
from itertools import permutations

from services.web.proposals.assignment import Pair, best_assignment


def total(scores: dict[Pair, float], pairs: list[Pair]) -> float:
    return sum(scores[pair] for pair in pairs)


def best_of_all(scores: dict[Pair, float], columns: int, fields: int) -> float:
    places = [*range(fields), *[-1] * columns]
    return max(
        sum(scores.get((column, field), 0.0) for column, field in enumerate(chosen))
        for chosen in set(permutations(places, columns))
    )


def test_the_sum_is_the_largest_and_everything_is_used_once(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(150):
        columns, fields = chance.randint(1, 4), chance.randint(1, 4)
        scores = {
            (column, field): float(chance.randint(1, 100))
            for column in range(columns)
            for field in range(fields)
            if chance.random() < 0.6
        }
        pairs = best_assignment(scores)
        assert len({column for column, _ in pairs}) == len({field for _, field in pairs}) == len(pairs)
        assert total(scores, pairs) == best_of_all(scores, columns, fields)


def test_it_is_no_greedy_one() -> None:
    assert best_assignment({(0, 0): 100, (0, 1): 95, (1, 0): 90}) == [(0, 1), (1, 0)]


def test_very_many_that_compete_are_dealt_out_at_once() -> None:
    scores = {(column, field): 80.0 + (column == field) for column in range(300) for field in range(300)}
    assert best_assignment(scores) == [(place, place) for place in range(300)]


def test_what_scores_nothing_is_left_alone() -> None:
    assert best_assignment({(0, 0): 0.0, (1, 1): -5.0}) == []
