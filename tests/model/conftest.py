"""Fixtures of the tests beside the reference model."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.support.stack import Stack


@asynccontextmanager
async def api_client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of a stack's API, with patience for many scenarios at once."""
    # A connection that the server closes for its idleness just as it is used again would fail a request.
    limits = httpx.Limits(max_keepalive_connections=0)
    headers = {"authorization": f"Bearer {stack.api_token}"}
    async with httpx.AsyncClient(base_url=f"{stack.url}/api/v1", headers=headers, timeout=60, limits=limits) as client:
        yield client


@pytest.fixture
async def client(embedded_stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(embedded_stack) as client:
        yield client
