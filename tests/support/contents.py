"""A large file whose outcome is known: what the contacts must be after a run that nothing disturbed."""

import json
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.support.stack import Stack

BAD_EVERY = 1_000


@dataclass(frozen=True)
class Contents:
    """`rows` lines, each thousandth without a unique id; `edition` changes every name, and who is in the file."""

    rows: int
    edition: int

    def write(self, file: Path) -> None:
        """Write the file whole, then put it in its place, so that nobody reads half of it."""
        partial = file.with_suffix(".partial")
        with partial.open("w", encoding="utf-8", newline="") as out:
            out.write("No,Name,E-mail\n")
            out.writelines(
                f'{self._number(row)},"Name {row}, edition ""{self.edition}""",p{row}@example.com\r\n'
                for row in range(self.rows)
            )
        partial.rename(file)

    def contacts(self) -> dict[str, dict[str, str]]:
        """Return the stored fields by unique id, as an undisturbed run leaves them."""
        return {
            self._number(row): {"2": f'Name {row}, edition "{self.edition}"', "3": f"p{row}@example.com"}
            for row in range(self.rows)
            if self._number(row)
        }

    @property
    def rejected(self) -> int:
        """How many of its rows have an error."""
        return len(range(0, self.rows, BAD_EVERY))

    def _number(self, row: int) -> str:
        # A tenth of the people is replaced by others in each edition, so that every run adds and deletes.
        return "" if row % BAD_EVERY == 0 else f"{row if row % 10 else row + self.rows * self.edition:09}"


async def stored_contacts(stack: Stack, manager_id: str) -> dict[str, dict[str, str]]:
    """Return what the database has of a manager, row for row."""
    connection = await asyncpg.connect(stack.database)
    try:
        rows = await connection.fetch("SELECT unique_id, fields FROM contacts WHERE manager_id = $1", manager_id)
    finally:
        await connection.close()
    return {row["unique_id"]: json.loads(row["fields"]) for row in rows}
