"""How long one fetcher takes over 500 imports that are due at once, from a server that takes 2 s for every answer.

The fetcher runs as people run it, a process of its own beside the others, and is asked by events; a file counts as
fetched when that is said. Exits 1 where all of them take 15 s or more.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.support.many_imports import Fetched, SlowServer, fetch_all
from tests.support.stack import Stack

IMPORTS = 500
ANSWER_SECONDS = 2.0
MUST = 15.0


async def main() -> int:
    """Print one line."""
    with tempfile.TemporaryDirectory() as folder:
        async with Stack(Path(folder) / "data") as stack, SlowServer(ANSWER_SECONDS) as server:
            began = time.perf_counter()
            fetched: Fetched = await fetch_all(stack, server, imports=IMPORTS, within=120)
            asked = time.perf_counter() - began
    print(
        f"{fetched.files} of {IMPORTS} imports fetched in {fetched.seconds:.1f} s (must be under {MUST:.0f}); "
        f"{server.most_at_once} requests at once, {server.answered} in all; {asked:.1f} s with the asking"
    )
    return int(fetched.seconds >= MUST)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
