"""Postgres processes that a killed predecessor left on the same data folder: found, and ended."""

import asyncio
import hashlib
import signal
import time
from pathlib import Path

import psutil

from shared.errors import TransientError

_PATIENCE_SECONDS = 10.0
_LOOK_EVERY_SECONDS = 0.05


def cluster_name(data: Path) -> str:
    """Return the name Postgres shows in the title of each of its processes: one for each data folder."""
    return "contacts-sync-" + hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:16]


def _is_ours(process: psutil.Process, name: str, data: Path) -> bool:
    try:
        if process.name() != "postgres" or name not in " ".join(process.cmdline()):
            return False
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
    except psutil.Error:
        return False
    try:
        return Path(process.cwd()).samefile(data)
    except (psutil.AccessDenied, OSError):
        # In a container root may not see another user's working folder: the name has to do.
        return True
    except psutil.NoSuchProcess:
        return False


def _leftovers(data: Path) -> list[psutil.Process]:
    name = cluster_name(data)
    return [process for process in psutil.process_iter() if _is_ours(process, name, data)]


def _signal_all(processes: list[psutil.Process], number: int) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue


def remove_stale_lock(data: Path) -> None:
    """Remove the lock file of a postmaster that is no more; to be called after `end_leftovers`.

    Postgres takes its number for alive while it waits to be reaped, which in a container may be for ever, or
    when another program has it now. A Postgres that runs there, though we did not know it, keeps its lock.
    """
    lock = data / "postmaster.pid"
    try:
        number = int(lock.read_text().split("\n", 1)[0])
        process = psutil.Process(number)
        runs = process.name() == "postgres" and process.status() != psutil.STATUS_ZOMBIE
    except FileNotFoundError:
        return
    except (ValueError, psutil.NoSuchProcess):
        runs = False
    if not runs:
        lock.unlink()


async def end_leftovers(data: Path) -> int:
    """End every Postgres process of this data folder, and return how many there were.

    SIGQUIT first: a postmaster then takes its children along, and an orphan leaves shared memory alone. The
    folder stays fit for crash recovery. Raises `postgres_leftover` if one can't be ended.
    """
    found = _leftovers(data)
    for number in (signal.SIGQUIT, signal.SIGKILL):
        deadline = time.monotonic() + _PATIENCE_SECONDS
        left = _leftovers(data)
        _signal_all(left, number)
        while left and time.monotonic() < deadline:
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            left = _leftovers(data)
        if not left:
            return len(found)
    raise TransientError(
        "postgres_leftover",
        f"Processes of an earlier Postgres still use {data} and could not be ended: "
        f"{', '.join(str(process.pid) for process in _leftovers(data))}. End them and start again.",
    )
