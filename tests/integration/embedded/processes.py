"""Processes by id: which still run, and which belong to one."""

import contextlib

import psutil


def living(pids: list[int]) -> list[int]:
    """Return those that run; one that has ended and only waits to be reaped does not."""
    found = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.append(pid)
    return found


def family(pid: int) -> list[int]:
    """Return a process and all below it."""
    process = psutil.Process(pid)
    return [pid, *(child.pid for child in process.children(recursive=True))]
