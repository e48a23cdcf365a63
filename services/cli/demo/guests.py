"""Two more steps: a list with bad lines over HTTP, and a login that the server refuses."""

from dataclasses import dataclass, replace
from typing import Final

from services.cli.demo.desk import Desk
from services.cli.demo.scene import FileServer
from services.cli.demo.step import Facts, Step, facts, facts_of_run

FILE: Final = "guests.csv"
_HEADER: Final = "Guest no;Name;E-mail;Arrives"
_GOOD: Final = 100
_KINDS: Final = {"Guest no": "text", "Name": "text", "E-mail": "email", "Arrives": "date"}
_BAD: Final = (
    ("G901;Zoë Fischer;zoe.fischer(at)example.com;2026-12-01", "email_invalid"),
    (";Håkon Hansen;hakon.hansen@example.com;2026-12-01", "id_missing"),
    ("G902;Ayşe Şahin;ayse.sahin@example.com;1 December", "date_invalid"),
    ("G903;Tomáš Novák", "too_few_cells"),
)
"""Lines with what is wrong with each."""


def guest_file() -> str:
    """Return the list: good lines, then bad ones, then one number a second time."""
    good = [f"G{number:03};Guest {number};guest{number}@example.com;2026-12-01" for number in range(1, _GOOD + 1)]
    return "".join(f"{line}\n" for line in [_HEADER, *good, *(line for line, _ in _BAD), good[-1]])


def _wanted_problems() -> str:
    # The header is line 1.
    problems = [(_GOOD + 1, "duplicate_id"), *((_GOOD + 2 + place, code) for place, (_, code) in enumerate(_BAD))]
    return _problems_in_words(problems)


def _problems_in_words(problems: list[tuple[int, str]]) -> str:
    return ", ".join(f"line {line} {code}" for line, code in problems)


@dataclass
class Guests:
    """The contact manager and its import; the id is there after the first step."""

    desk: Desk
    server: FileServer
    manager_id: str = ""

    def steps(self) -> list[Step]:
        """Return the steps, in the order they build on each other."""
        counts = {"read": _GOOD + len(_BAD) + 1, "added": _GOOD, "rejected": len(_BAD), "duplicates": 1}
        return [
            Step(
                "A file with bad lines",
                "Another list, of another system: over HTTP with a login, with semicolons, and with lines that "
                "nobody can use. The good lines are imported, each bad one is told by its number.",
                facts("succeeded_with_errors", counts, _GOOD, _wanted_problems()),
                self._bad_lines,
            ),
            Step(
                "A refused password",
                "The same list, with a password that is not right any more.",
                facts("failed (login_refused)", {}, _GOOD),
                self._refused_password,
            ),
        ]

    def _bad_lines(self) -> Facts:
        (self.server.folder / FILE).write_text(guest_file(), encoding="utf-8")
        self.manager_id = self.desk.make_manager("Guests", _KINDS)
        run = self._run("Guests, from the booking system", self.server)
        problems = self.desk.api.get(f"/runs/{run['id']}/problems")["items"]
        lines = [(problem["line"], problem["code"]) for problem in problems]
        return facts_of_run(run, self.desk.contacts(self.manager_id), _problems_in_words(lines))

    def _refused_password(self) -> Facts:
        run = self._run("Guests, with an old password", replace(self.server, password="long out of date"))  # noqa: S106 - opens nothing
        return facts_of_run(run, self.desk.contacts(self.manager_id))

    def _run(self, name: str, server: FileServer) -> dict[str, object]:
        import_id = self.desk.make_import(name, self.manager_id, server.source(FILE), options={"delimiter": ";"})
        return self.desk.run(import_id)
