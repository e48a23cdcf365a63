"""Waiting until every process of the stack answers."""

import asyncio
import time
from collections.abc import Callable, Mapping

import httpx

from shared.errors import TransientError

_STEP_SECONDS = 0.05
_ANSWER_SECONDS = 5.0


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        response = await client.get(url)
    except httpx.HTTPError:
        return False
    return response.is_success or response.is_redirect


async def wait_until_ready(urls: Mapping[str, Callable[[], str]], *, seconds: float) -> None:
    """Wait until each address has answered with success or a redirect.

    Addresses are asked for anew before each try, as a process that was started again has another. Raises
    `stack_not_ready` with the names of those that did not answer in time.
    """
    deadline = time.monotonic() + seconds
    waiting = dict(urls)
    async with httpx.AsyncClient(trust_env=False, timeout=_ANSWER_SECONDS) as client:
        while True:
            answers = await asyncio.gather(*(_answers(client, url()) for url in waiting.values()))
            waiting = {name: url for (name, url), done in zip(waiting.items(), answers, strict=True) if not done}
            if not waiting:
                return
            if time.monotonic() >= deadline:
                raise TransientError(
                    "stack_not_ready",
                    f"Not ready after {seconds:.0f} s: {', '.join(sorted(waiting))}. Their log files, in the "
                    "folder logs of the data folder, say why.",
                )
            await asyncio.sleep(_STEP_SECONDS)
