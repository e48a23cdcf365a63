"""Which servers were really spoken to, and how: written down by the tests that did so, for the table in the docs."""

from dataclasses import astuple, dataclass
from pathlib import Path

from tests.support.server_process import REPOSITORY

PAGE = REPOSITORY / "docs/servers.md"
_BEGIN = "<!-- the table: written by `make servers` -->\n"
_END = "<!-- the table's end -->\n"
_HEAD = "| Server | Protocol | TLS | Address | Login |\n|---|---|---|---|---|\n"


@dataclass(frozen=True, order=True)
class Spoken:
    """One way to get at a file that works: what stands in a line of the table."""

    server: str
    protocol: str
    tls: str
    address: str
    login: str

    def line(self) -> str:
        """Return the table's line."""
        return "| " + " | ".join(astuple(self)) + " |\n"


class ServerMatrix:
    """Collects what worked in this session of tests."""

    def __init__(self) -> None:
        self._spoken: set[Spoken] = set()

    def works(self, *, server: str, protocol: str, tls: str | None, host: str, login: str) -> None:
        """Note that a file came this way; `tls` is the version alone."""
        address = "IPv6" if ":" in host else "IPv4"
        self._spoken.add(Spoken(server, protocol, tls or "none", address, login))

    def missing(self, page: Path = PAGE) -> list[Spoken]:
        """Return what worked and is not in the table."""
        lines = set(page.read_text(encoding="utf-8").splitlines(keepends=True))
        return sorted(spoken for spoken in self._spoken if spoken.line() not in lines)

    def write(self, page: Path = PAGE) -> None:
        """Write the table anew; the rest of the page stays."""
        before, rest = page.read_text(encoding="utf-8").split(_BEGIN)
        after = rest.split(_END)[1]
        table = _HEAD + "".join(spoken.line() for spoken in sorted(self._spoken))
        page.write_text(before + _BEGIN + "\n" + table + "\n" + _END + after, encoding="utf-8")
