"""What is known beside names when a mapping is proposed: earlier imports, and the contacts that are stored."""

from dataclasses import dataclass, field

from shared.rules.kinds import Kind


@dataclass(frozen=True)
class Target:
    """A field that a column may go to."""

    number: int
    name: str
    kind: Kind


@dataclass(frozen=True)
class Remembered:
    """What earlier imports map a column of this name to: a field's number, and whose import it was."""

    field: int
    import_name: str
    same_manager: bool


@dataclass(frozen=True)
class Equal:
    """How many of so many contacts hold in a field what stands in a column of their row; `values` of them differ."""

    equal: int
    compared: int
    values: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.equal / self.compared if self.compared else 0.0


@dataclass(frozen=True)
class StoredEvidence:
    """What the contacts tell, by column's place from 0; `known` are the shares of values that are unique ids."""

    known: dict[int, float] = field(default_factory=dict)
    equal: dict[tuple[int, int], Equal] = field(default_factory=dict)
    """By column's place and field's number, of the contacts that were found by their unique id."""


def percent(share: float) -> str:
    """Return a share in words; what is not all is never 100 %."""
    return "100 %" if share >= 1 else f"{min(99, round(share * 100))} %"
