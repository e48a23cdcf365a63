"""One more step: a list that comes by FTPS, packed, in a new file each time, of which the newest counts."""

import gzip
import os
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from services.cli.demo.desk import Desk
from services.cli.demo.scene import FileServer
from services.cli.demo.step import Facts, Step, facts, facts_of_run

PATTERN: Final = "members-*.csv.gz"
_OLDER: Final = 40
_NEWER: Final = 60
_KINDS: Final = {"Member": "text", "Name": "text"}


def member_file(members: int) -> bytes:
    """Return the list of so many members, packed."""
    lines = ["Member,Name", *(f"M{number:03},Member {number}" for number in range(1, members + 1))]
    return gzip.compress("".join(f"{line}\n" for line in lines).encode())


@dataclass
class Members:
    """The club's list; `today` dates its files."""

    desk: Desk
    server: FileServer
    today: date

    def steps(self) -> list[Step]:
        """Return the one step."""
        newest = f"the file was {self._name(0)}"
        return [
            Step(
                "The newest of many files",
                "The club's office puts a packed file with the day in its name on an FTP server, which speaks TLS "
                f"under a certificate of its own. The import says {PATTERN} and takes the newest.",
                facts("succeeded", {"read": _NEWER, "added": _NEWER}, _NEWER, newest),
                self._newest,
            )
        ]

    def _name(self, days_ago: int) -> str:
        return PATTERN.replace("*", f"{self.today - timedelta(days=days_ago)}")

    def _newest(self) -> Facts:
        for days_ago, members in ((1, _OLDER), (0, _NEWER)):
            file = self.server.folder / self._name(days_ago)
            file.write_bytes(member_file(members))
            written = datetime.combine(self.today - timedelta(days=days_ago), time()).timestamp()
            os.utime(file, (written, written))
        manager_id = self.desk.make_manager("Members", _KINDS)
        run = self.desk.run(self.desk.make_import("Members, from the club", manager_id, self.server.source(PATTERN)))
        return facts_of_run(run, self.desk.contacts(manager_id), f"the file was {run['file']['name']}")
