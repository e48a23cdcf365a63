import pytest

from services.syncer.domain.balance import Balance, require_balance
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
