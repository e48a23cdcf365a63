"""What the syncer needs from outside."""

from typing import Protocol


class HashPassword(Protocol):
    """Hashes a password, slowly; call it in a thread."""

    def __call__(self, password: str) -> str:
        """Return an argon2id hash, parameters included."""
