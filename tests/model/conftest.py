"""Fixtures of the tests beside the reference model."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.stack import Stack


@pytest.fixture
async def client(embedded_stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    # A connection that the server closes for its idleness just as it is used again would fail a request.
    limits = httpx.Limits(max_keepalive_connections=0)
    headers = {"authorization": f"Bearer {embedded_stack.api_token}"}
    async with httpx.AsyncClient(
        base_url=f"{embedded_stack.url}/api/v1", headers=headers, timeout=60, limits=limits
    ) as client:
        yield client
