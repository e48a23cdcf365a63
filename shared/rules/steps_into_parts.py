"""How many steps of one length lead into parts of a day or a week: computed, without taking the steps."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from math import gcd
from typing import Final

Parts = tuple[tuple[int, int], ...]
"""Parts of a cycle such as a day, first and end, in seconds; in order, and apart from each other."""
_MOST_WRITTEN: Final = 1_000
_FEW: Final = 8


def joined(parts: Iterable[tuple[int, int]]) -> Parts:
    """Return parts, given in order, with those that follow each other as one."""
    bounds: list[int] = []
    for low, high in parts:
        if bounds and bounds[-1] == low:
            bounds[-1] = high
        else:
            bounds += (low, high)
    return tuple(zip(bounds[::2], bounds[1::2], strict=True))


def common(some: Parts, others: Parts) -> Parts:
    """Return what lies in both."""
    found, place = [], 0
    for low, high in some:
        while place < len(others) and others[place][1] <= low:
            place += 1
        at = place
        while at < len(others) and others[at][0] < high:
            found.append((max(low, others[at][0]), min(high, others[at][1])))
            at += 1
    return tuple(found)


def moved_back(parts: Parts, seconds: int, cycle: int) -> Parts:
    """Return parts so much earlier; what comes before the cycle's begin is at its end."""
    head = [(max(low, seconds) - seconds, high - seconds) for low, high in parts if high > seconds]
    tail = [(low - seconds + cycle, min(high, seconds) - seconds + cycle) for low, high in parts if low < seconds]
    return (*head, *tail)


class StepsIntoParts:
    """Steps of a length through a cycle, in some parts of which they are wanted."""

    def __init__(self, step: int, cycle: int, parts: Parts) -> None:
        self.cycle, self.parts = cycle, parts
        self._step = step
        self._lows = [low for low, _ in parts]
        self._length = gcd(step, cycle)
        self._round_trip = cycle // self._length
        self._back = pow(step // self._length, -1, self._round_trip)
        wanted = sum(high - low for low, high in parts) // self._length
        self._is_written = wanted <= _MOST_WRITTEN or len(parts) > _FEW
        self._written: dict[int, array[int]] = {}

    def is_within(self, time: int) -> bool:
        """Tell whether a time lies in a part of its cycle."""
        time %= self.cycle
        place = bisect_right(self._lows, time) - 1
        return place >= 0 and time < self.parts[place][1]

    def into(self, time: int) -> int | None:
        """Return how few steps, or none, lead from a time into a part; None where no number of them does."""
        time %= self.cycle
        if not self._is_written:
            every = (
                _first_within(self._step % self.cycle, self.cycle, (low - time) % self.cycle, high - low - 1)
                for low, high in self.parts
            )
            return min((steps for steps in every if steps is not None), default=None)
        place = time // self._length * self._back % self._round_trip
        within = self._places_within(time % self._length)
        if not within:
            return None
        at = bisect_left(within, place)
        return within[at] - place if at < len(within) else within[0] + self._round_trip - place

    def _places_within(self, least: int) -> "array[int]":
        """Return which steps, counted from the least time of the cycle that they come to, lead into a part; in order.

        They come to each of these times once before they begin again: one in `_length` seconds.
        """
        if least not in self._written:
            length, back, round_trip = self._length, self._back, self._round_trip
            self._written[least] = array(
                "I",
                sorted(
                    time // length * back % round_trip
                    for low, high in self.parts
                    for time in range(low + (least - low) % length, high, length)
                ),
            )
        return self._written[least]


def _first_within(step: int, cycle: int, low: int, more: int) -> int | None:
    """Return how few steps from the cycle's begin end in a part of it: at `low` or up to `more` after.

    As Euclid's algorithm does it: where a round of steps misses the part, what counts is how the rounds are displaced.
    """
    if low == 0 or low + more >= cycle:  # the part goes round the begin
        return 0
    if step == 0:
        return None
    steps = -(-low // step)
    if steps * step <= low + more:
        return steps
    rounds = _first_within(cycle % step, step, -(low + more) % step, more)
    return None if rounds is None else -(-(low + cycle * rounds) // step)
