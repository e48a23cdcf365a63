import platform
import subprocess
import sys

import pytest

HOLDS = """
from pathlib import Path
from shared.process_memory import keep_one_arena, return_freed

def held():
    return int(next(l for l in Path("/proc/self/status").read_text().splitlines() if l.startswith("VmRSS")).split()[1])

keep_one_arena()
# Blocks small enough for the heap, with one in a hundred kept, so that its end cannot simply be given back.
blocks = [bytearray(50_000) for _ in range(2_000)]
kept = blocks[::100]
del blocks
before = held()
return_freed()
print(before - held())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_freed_memory_goes_back() -> None:
    said = subprocess.run([sys.executable, "-c", HOLDS], check=True, capture_output=True, text=True).stdout
    assert int(said) > 50_000, "KiB of about 97,000 that were freed"
