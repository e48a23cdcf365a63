"""Contacts' passwords as argon2id hashes: slow on purpose, so off the event loop, and few at once."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from shared.settings import PasswordSettings


class PasswordHashes:
    """Makes and checks hashes, so many at once in this process."""

    def __init__(self, settings: PasswordSettings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.passes, memory_cost=settings.memory_kib, parallelism=settings.lanes
        )
        self._places = asyncio.Semaphore(settings.at_once)
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """Return a hash, parameters included."""
        async with self._places:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def fits(self, password_hash: str, password: str) -> bool:
        """Tell whether a password is the one that was hashed, with whatever parameters."""
        async with self._places:
            try:
                return await asyncio.to_thread(self._hasher.verify, password_hash, password)
            except VerifyMismatchError:
                return False

    async def try_nobodys(self, password: str) -> None:
        """Take as long as `fits` does, for whoever has no password: how long it takes must not tell who has one."""
        if self._nobodys is None:
            self._nobodys = await self.hash("nobody's")
        await self.fits(self._nobodys, password)
