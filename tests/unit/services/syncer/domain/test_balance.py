import pytest

from services.syncer.domain.balance import Balance, FileBalance, require_balance, require_file_balance
from shared.errors import PermanentError
from shared.events.runs import RunCounts

COUNTS = RunCounts(read=10, added=3, updated=2, unchanged=1, deleted=4, rejected=2, duplicates=2)
BALANCE = Balance(contacts_before=20, contacts_after=19, chunk_bytes=77, text_bytes=77)


def test_a_run_that_balances() -> None:
    require_balance(COUNTS, BALANCE)


@pytest.mark.parametrize("name", ["read", "added", "updated", "unchanged", "rejected", "duplicates"])
def test_a_row_without_an_outcome(name: str) -> None:
    counts = COUNTS.model_copy(update={name: getattr(COUNTS, name) + 1})
    with pytest.raises(PermanentError, match="do not agree"):
        require_balance(counts, BALANCE)


@pytest.mark.parametrize(
    "balance", [Balance(20, 18, 77, 77), Balance(20, 20, 77, 77), Balance(20, 19, 76, 77), Balance(20, 19, 77, 76)]
)
def test_contacts_or_bytes_that_went_missing(balance: Balance) -> None:
    with pytest.raises(PermanentError) as error:
        require_balance(COUNTS, balance)
    assert error.value.code == "run_does_not_balance"


@pytest.mark.parametrize("file_lines", [12, None])
def test_a_file_that_adds_up(file_lines: int | None) -> None:
    require_file_balance(FileBalance(10, 10, lines_tile=True, lines=12, file_lines=file_lines))


@pytest.mark.parametrize(
    "balance",
    [
        FileBalance(10, 9, lines_tile=True, lines=12, file_lines=12),
        FileBalance(10, 10, lines_tile=False, lines=12, file_lines=12),
        FileBalance(10, 10, lines_tile=True, lines=11, file_lines=12),
    ],
)
def test_a_record_or_a_line_that_went_missing(balance: FileBalance) -> None:
    with pytest.raises(PermanentError, match="do not agree"):
        require_file_balance(balance)
