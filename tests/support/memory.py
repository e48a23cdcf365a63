"""How much memory a process took at its peak, as Linux counts it."""

from pathlib import Path
from typing import Self

from tests.support.stack import Stack


class PeakMemory:
    """Measures one process while it is entered; `grown` is the peak over what was in use before, in bytes."""

    def __init__(self, pid: int) -> None:
        self._process = Path(f"/proc/{pid}")
        self._before = 0
        self.grown = 0

    @classmethod
    def of_service(cls, stack: Stack, service: str) -> Self:
        """Return the measure of the one process of a service."""
        (process,) = stack.processes(service)
        return cls(process.pid)

    def __enter__(self) -> Self:
        (self._process / "clear_refs").write_text("5", encoding="ascii")  # the peak counts from here
        self._before = _bytes(self._process, "VmRSS")
        return self

    def __exit__(self, *_: object) -> None:
        self.grown = _bytes(self._process, "VmHWM") - self._before


def peak_of_service(stack: Stack, service: str) -> int:
    """Return what the one process of a service held at most since it was started, in bytes."""
    (process,) = stack.processes(service)
    return _bytes(Path(f"/proc/{process.pid}"), "VmHWM")


def _bytes(process: Path, name: str) -> int:
    lines = (process / "status").read_text(encoding="ascii").splitlines()
    found = next(line for line in lines if line.startswith(f"{name}:"))
    return int(found.split()[1]) * 1024
