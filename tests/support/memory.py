"""How much memory a process took at its peak, as Linux counts it."""

from pathlib import Path
from typing import Self

from tests.support.stack import Stack


class PeakMemory:
    """Measures one process while it is entered, in bytes: its peak, and how much that is over what it held."""

    def __init__(self, pid: int) -> None:
        self._process = Path(f"/proc/{pid}")
        self._before = 0
        self.peak = 0
        self.grown = 0

    @classmethod
    def of_service(cls, stack: Stack, service: str) -> Self:
        """Return the measure of the one process of a service."""
        (process,) = stack.processes(service)
        return cls(process.pid)

    def __enter__(self) -> Self:
        (self._process / "clear_refs").write_text("5", encoding="ascii")  # the peak counts from here
        self._before = self._bytes("VmRSS")
        return self

    def __exit__(self, *_: object) -> None:
        self.peak = self._bytes("VmHWM")
        self.grown = self.peak - self._before

    def _bytes(self, name: str) -> int:
        lines = (self._process / "status").read_text(encoding="ascii").splitlines()
        found = next(line for line in lines if line.startswith(f"{name}:"))
        return int(found.split()[1]) * 1024
