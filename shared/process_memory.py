"""What a process holds of the memory it has freed, which only glibc can be told, and how often it looks for more."""

import ctypes
import gc
import platform
from functools import cache
from typing import Final

_M_ARENA_MAX: Final = -8
"""Of glibc's `malloc.h`."""
_NEW_OBJECTS: Final = 50_000


def keep_one_arena() -> None:
    """Let all threads to come share one arena; call it before there are any.

    Each of a service's few threads would else keep what it freed for itself: a quarter of the syncer's memory, for
    nothing that could be measured.
    """
    if (library := _glibc()) is not None:
        library.mallopt(_M_ARENA_MAX, 1)


def return_freed() -> None:
    """Give freed memory back to the system; takes some milliseconds."""
    if (library := _glibc()) is not None:
        library.malloc_trim(0)


def look_for_cycles_seldom() -> None:
    """Look for unreachable cycles once so many objects have come, instead of 700.

    Rows and events come by the thousand and are in no cycles: looking took a seventh of the time of saying changes.
    """
    gc.set_threshold(_NEW_OBJECTS, 20, 100)


@cache
def _glibc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
