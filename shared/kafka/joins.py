"""Whether a consumer has been given its share."""

from aiokafka import ConsumerRebalanceListener


class Joins(ConsumerRebalanceListener):
    """Notes that a consumer has joined its group; with more consumers than partitions a share may be empty."""

    def __init__(self) -> None:
        self.joined = False

    def on_partitions_revoked(self, revoked: object) -> None:
        """Nothing has to be given back: effects are idempotent."""

    def on_partitions_assigned(self, assigned: object) -> None:  # noqa: ARG002 - the listener's signature
        """Note it."""
        self.joined = True
