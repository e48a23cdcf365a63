"""Every applied run balances, or is rolled back and failed; the figures are kept with the run."""

from dataclasses import asdict, dataclass

from shared.errors import PermanentError
from shared.events.runs import RunCounts


@dataclass(frozen=True)
class FileBalance:
    """What a file's batches account for."""

    records: int
    accounted: int
    """Rows, rejected rows, blank ones, header, and what is skipped."""
    lines_tile: bool
    """Each batch begins on the line after the one before, the first on line 1."""
    lines: int
    """Physical lines of all batches."""
    file_lines: int | None
    """Physical lines that the fetcher counted; null: it did not."""


@dataclass(frozen=True)
class Balance:
    """The figures that must agree."""

    contacts_before: int
    contacts_after: int
    chunk_bytes: int | None = None
    """Bytes of all chunks, as parsed; null: the run parsed no file."""
    text_bytes: int | None = None
    """Bytes of the stored text."""

    def figures(self) -> dict[str, int]:
        """Return the figures to be kept."""
        return {name: figure for name, figure in asdict(self).items() if figure is not None}


def require_balance(counts: RunCounts, balance: Balance, *, of_rows: bool = True) -> None:
    """Raise PermanentError `run_does_not_balance`, naming the first equation that fails.

    `of_rows` False: an undo, whose changes come from no file's rows.
    """
    outcomes = counts.added + counts.updated + counts.unchanged + counts.rejected + counts.duplicates
    expected_after = balance.contacts_before + counts.added - counts.deleted
    if of_rows and (counts.read != outcomes or counts.unchanged < 0):
        raise _unbalanced(f"{counts.read} rows were read, {outcomes} have an outcome")
    if balance.contacts_after != expected_after:
        raise _unbalanced(f"there are {balance.contacts_after} contacts, there should be {expected_after}")
    if balance.chunk_bytes != balance.text_bytes:
        raise _unbalanced(f"{balance.chunk_bytes} bytes were parsed of {balance.text_bytes}")


def require_file_balance(balance: FileBalance) -> None:
    """Raise PermanentError `run_does_not_balance` where a record or a line of the file is not accounted for."""
    if balance.records != balance.accounted:
        raise _unbalanced(f"{balance.records} records were read, {balance.accounted} have an outcome")
    if not balance.lines_tile or balance.lines != (balance.lines if balance.file_lines is None else balance.file_lines):
        raise _unbalanced(f"the rows stand on {balance.lines} lines, the file has {balance.file_lines}")


def _unbalanced(what: str) -> PermanentError:
    return PermanentError("run_does_not_balance", f"The run's figures do not agree ({what}), so it was rolled back.")
