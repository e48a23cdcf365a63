"""How delivery waits, tries again and gives up."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DeliveryPolicy:
    """How often and how long; waits in seconds."""

    first_wait: float = 0.1
    longest_wait: float = 10.0
    patience: float = 300.0
    """After this long something is still down: the record goes back to the broker, to be delivered again."""
    tries: int = 3
    """For errors that nobody foresaw."""
    dead_letter_limit: int = 20
    dead_letter_window: float = 60.0
