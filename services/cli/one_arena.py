"""Keeps glibc's memory in one arena."""

import ctypes
import platform
from typing import Final

_M_ARENA_MAX: Final = -8
"""Of glibc's `malloc.h`."""


def keep_one_arena() -> None:
    """Let all threads to come share one arena, where the C library is glibc; call it before there are any.

    Each of a service's few threads would else keep what it freed for itself: a quarter of the syncer's memory, for
    nothing that could be measured.
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
