"""What figures were taken on."""

import os
import platform
from pathlib import Path

import asyncpg


async def machine(database: "asyncpg.Connection[asyncpg.Record]") -> str:
    """Return what the figures were taken on, with a database, and what else was going on there."""
    version = await database.fetchval("SHOW server_version")
    buffers = await database.fetchval("SHOW shared_buffers")
    return f"{hardware()}, Postgres {version} with {buffers} of buffers; {load()}"


def hardware() -> str:
    """Return the machine, its system and its Python."""
    processor = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    return (
        f"{os.cpu_count()} cores of {processor}, {memory} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}"
    )


def load() -> str:
    """Return how much was going on."""
    return "load " + ", ".join(f"{load:.1f}" for load in os.getloadavg())


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
