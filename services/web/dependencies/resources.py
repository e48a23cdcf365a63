"""What the service holds open, and how a route gets at it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from services.web.dependencies.change import Change
from services.web.live.connection_tests import ConnectionTests
from services.web.live.previews import Previews
from services.web.live.run_watch import RunWatch
from services.web.live.service_states import ServiceStates
from services.web.security.attempts import Attempts, SignInAttempts
from services.web.settings import Settings
from shared.clock import Clock
from shared.objects.store import SealedObjects
from shared.password_hashing import PasswordHashes
from shared.postgres.database import Connection, Database
from shared.sealing import Sealer
from shared.store.audit_log import Actor

_EXPORTS = 4


@dataclass
class Resources:
    """Built with the app, opened with it; `objects` is there once it is open."""

    settings: Settings
    database: Database
    sealer: Sealer
    passwords: PasswordHashes
    watch: RunWatch
    connection_tests: ConnectionTests
    portal_attempts: Attempts
    sign_in_attempts: SignInAttempts
    previews: Previews
    services: ServiceStates
    clock: Clock
    objects: SealedObjects = field(init=False)
    exports: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_EXPORTS))
    """How many exports may be under way; each has a connection of its own for as long as its reader takes."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Give a connection inside a transaction."""
        async with self.database.pool.acquire() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def change(self, by: Actor) -> AsyncIterator[Change]:
        """Give a change of what is set up, inside a transaction."""
        async with self.transaction() as connection:
            yield Change(connection, by, self.clock.now())


def resources_of(request: Request) -> Resources:
    """Return the app's resources."""
    resources: Resources = request.app.state.resources
    return resources


Open = Annotated[Resources, Depends(resources_of)]
"""A route's parameter of this type gets the resources."""
