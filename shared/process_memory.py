"""What a process holds of the memory that it has freed; only glibc can be told."""

import ctypes
import platform
from functools import cache
from typing import Final

_M_ARENA_MAX: Final = -8
"""Of glibc's `malloc.h`."""


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


@cache
def _glibc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
