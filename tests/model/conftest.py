"""Fixtures of the tests beside the reference model."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.stack import Stack


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with Stack(tmp_path_factory.mktemp("model") / "data") as running:
        yield running


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    # A connection that the server closes for its idleness just as it is used again would fail a request.
    limits = httpx.Limits(max_keepalive_connections=0)
    headers = {"authorization": f"Bearer {stack.api_token}"}
    async with httpx.AsyncClient(base_url=f"{stack.url}/api/v1", headers=headers, timeout=60, limits=limits) as client:
        yield client
