"""What the syncer needs from outside."""

from typing import Protocol


class Passwords(Protocol):
    """Hashes of passwords, slow on purpose."""

    async def hash(self, password: str) -> str:
        """Return an argon2id hash, parameters included."""

    async def fits(self, password_hash: str, password: str) -> bool:
        """Tell whether a password is the one that was hashed."""
