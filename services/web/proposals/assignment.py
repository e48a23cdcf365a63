"""Each column to one field at most, and each field to one column, so that the sum of all scores is the largest."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

Pair = tuple[int, int]
_LARGEST: Final = 120
"""Of a group of columns and fields that compete; a larger one is dealt out greedily, so that nobody waits."""


def best_assignment(scores: Mapping[Pair, float]) -> list[Pair]:
    """Return pairs of column and field, of those that have a score above 0."""
    pairs: list[Pair] = []
    for group in _groups({pair: score for pair, score in scores.items() if score > 0}):
        columns, fields = sorted({column for column, _ in group}), sorted({field for _, field in group})
        if len(columns) + len(fields) > _LARGEST:
            pairs += _greedy(group)
        else:
            pairs += _hungarian(group, columns, fields)
    return sorted(pairs)


def _groups(scores: Mapping[Pair, float]) -> list[dict[Pair, float]]:
    """Part the pairs into groups that have no column and no field in common."""
    of_column: defaultdict[int, set[int]] = defaultdict(set)
    of_field: defaultdict[int, set[int]] = defaultdict(set)
    for column, field in scores:
        of_column[column].add(field)
        of_field[field].add(column)
    groups, seen = [], set()
    for start in of_column:
        if start in seen:
            continue
        waiting, group = [start], {}
        seen.add(start)
        while waiting:
            column = waiting.pop()
            for field in of_column[column]:
                group[column, field] = scores[column, field]
                fresh = of_field[field] - seen
                seen |= fresh
                waiting += fresh
        groups.append(group)
    return groups


def _greedy(scores: Mapping[Pair, float]) -> list[Pair]:
    columns: set[int] = set()
    fields: set[int] = set()
    pairs = []
    for column, field in sorted(scores, key=lambda pair: (-scores[pair], pair)):
        if column not in columns and field not in fields:
            columns.add(column)
            fields.add(field)
            pairs.append((column, field))
    return pairs


def _hungarian(scores: Mapping[Pair, float], columns: list[int], fields: list[int]) -> list[Pair]:
    """Return the best pairs; a column may also stay alone, which costs 0."""
    count, width = len(columns), len(fields) + len(columns)  # a place of its own for each column that stays alone
    costs = [[-scores.get((column, field), 0.0) for field in fields] + [0.0] * count for column in columns]
    method = _Hungarian(costs, width)
    for row in range(1, count + 1):
        method.place(row)
    held = ((method.holder[place], place) for place in range(1, len(fields) + 1))
    pairs = [(columns[row - 1], fields[place - 1]) for row, place in held if row]
    return [pair for pair in pairs if pair in scores]


class _Hungarian:
    """The Hungarian method with potentials: rows are placed one by one, at the least cost in all; both count from 1."""

    def __init__(self, costs: list[list[float]], width: int) -> None:
        self._costs = costs
        self._width = width
        self._of_row = [0.0] * (len(costs) + 1)
        self._of_place = [0.0] * (width + 1)
        self.holder = [0] * (width + 1)
        """Which row has each place; 0: none."""

    def place(self, row: int) -> None:
        """Give one more row a place; others may have to move."""
        self.holder[0] = row
        least = [float("inf")] * (self._width + 1)
        way = [0] * (self._width + 1)
        used = {0}
        at = 0
        while self.holder[at]:
            used.add(at)
            at = self._next(at, least, way, used)
        while at:
            self.holder[at] = self.holder[way[at]]
            at = way[at]

    def _next(self, at: int, least: list[float], way: list[int], used: set[int]) -> int:
        """Return the cheapest place that can be reached now, and change the potentials so that it costs nothing."""
        row = self.holder[at]
        free = [place for place in range(1, self._width + 1) if place not in used]
        for place in free:
            cost = self._costs[row - 1][place - 1] - self._of_row[row] - self._of_place[place]
            if cost < least[place]:
                least[place], way[place] = cost, at
        following = min(free, key=lambda place: least[place])
        delta = least[following]
        for place in used:
            self._of_row[self.holder[place]] += delta
            self._of_place[place] -= delta
        for place in free:
            least[place] -= delta
        return following
