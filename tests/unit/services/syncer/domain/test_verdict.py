from dataclasses import replace

import pytest

from services.syncer.domain.verdict import ChangeLimit, PlanFacts, judge
from shared.events.runs import RunCounts

PLAIN = PlanFacts(
    good_rows=100,
    rejected=0,
    undecodable=0,
    warnings=0,
    contacts=100,
    found=100,
    counts=RunCounts(),
    delete_missing=False,
    generated_keys=False,
    remote=True,
    scheduled=True,
    dry_run=False,
)
GUARDED = replace(PLAIN, delete_missing=True)


def test_a_plain_run_succeeds_and_applies() -> None:
    assert judge(PLAIN).status == "succeeded"
    assert judge(PLAIN).applies


@pytest.mark.parametrize("facts", [replace(PLAIN, rejected=1), replace(PLAIN, warnings=1)])
def test_errors_and_warnings_show(facts: PlanFacts) -> None:
    assert judge(facts).status == "succeeded_with_errors"


def test_a_dry_run_applies_nothing() -> None:
    verdict = judge(replace(PLAIN, dry_run=True))
    assert (verdict.status, verdict.applies) == ("planned", False)


@pytest.mark.parametrize(
    ("contacts", "found", "refused"),
    [
        (0, 0, False),
        (1, 0, True),
        (1, 1, False),
        (10, 1, True),
        (10, 2, False),
        (100, 10, True),
        (100, 11, False),
        (1_000, 100, True),
        (1_000, 101, False),
    ],
)
def test_the_guard_refuses_ten_percent_and_less(contacts: int, found: int, refused: bool) -> None:  # noqa: FBT001
    verdict = judge(replace(GUARDED, contacts=contacts, found=found, counts=RunCounts(deleted=contacts - found)))
    assert (verdict.status == "refused") is refused
    assert (verdict.code == "guard_ten_percent") is refused


@pytest.mark.parametrize(
    "facts", [replace(GUARDED, delete_missing=False), replace(GUARDED, remote=False), replace(GUARDED, scheduled=False)]
)
def test_the_guard_asks_only_scheduled_remote_imports_that_delete(facts: PlanFacts) -> None:
    assert judge(replace(facts, found=0)).status == "succeeded"


def test_the_guard_holds_even_where_nothing_would_be_deleted() -> None:
    assert judge(replace(GUARDED, found=5, counts=RunCounts(deleted=0))).status == "refused"


def test_with_generated_keys_the_guard_counts_rows_without_errors() -> None:
    generated = replace(GUARDED, generated_keys=True, found=0, counts=RunCounts(deleted=100))
    assert judge(replace(generated, good_rows=10)).status == "refused"
    assert judge(replace(generated, good_rows=11)).status == "succeeded"


def test_deleting_all_needs_a_good_row() -> None:
    upload = replace(PLAIN, delete_missing=True, remote=False, good_rows=0, found=0, counts=RunCounts(deleted=100))
    assert judge(upload).code == "no_good_rows"
    assert judge(replace(upload, counts=RunCounts(deleted=0))).status == "succeeded"


def test_replacing_all_needs_every_row() -> None:
    upload = replace(PLAIN, delete_missing=True, remote=False, generated_keys=True, counts=RunCounts(deleted=100))
    assert judge(replace(upload, rejected=1)).code == "replacement_incomplete"
    assert judge(upload).status == "succeeded"


def test_a_wrong_encoding_fails_before_the_guard() -> None:
    verdict = judge(replace(GUARDED, good_rows=0, rejected=7, undecodable=7, found=0, counts=RunCounts(deleted=100)))
    assert (verdict.status, verdict.code) == ("failed", "encoding_wrong")


def test_the_error_budget_fails_the_run_before_the_guard_is_asked() -> None:
    facts = replace(GUARDED, good_rows=95, rejected=5, found=0)
    assert judge(replace(facts, most_row_errors=4)).code == "too_many_row_errors"
    assert judge(replace(facts, most_row_errors=5)).status == "refused"
    assert judge(replace(facts, most_row_errors=0, rejected=0)).status == "refused"


def test_a_share_of_errors_counts_from_100_rows_up() -> None:
    facts = replace(PLAIN, good_rows=95, rejected=5, most_row_error_percent=4.9)
    assert judge(facts).code == "too_many_row_errors"
    assert judge(replace(facts, most_row_error_percent=5)).status == "succeeded_with_errors"
    assert judge(replace(facts, good_rows=94)).status == "succeeded_with_errors"


def test_a_dry_run_says_what_would_refuse_it() -> None:
    verdict = judge(replace(GUARDED, found=5, dry_run=True))
    assert (verdict.status, verdict.code) == ("planned", "guard_ten_percent")


@pytest.mark.parametrize(
    ("deleted", "limit", "refused"),
    [
        (9, ChangeLimit("deletes", count=10), False),
        (10, ChangeLimit("deletes", count=10), True),
        (4, ChangeLimit("deletes", percent=5), False),
        (5, ChangeLimit("deletes", percent=5), True),
        (5, ChangeLimit("deletes", count=100, percent=5), True),
        (0, ChangeLimit("deletes", percent=0.1), False),
        (50, ChangeLimit("updates", count=1), False),
    ],
)
def test_a_limit_holds_from_its_own_figure_on(deleted: int, limit: ChangeLimit, *, refused: bool) -> None:
    facts = replace(PLAIN, counts=RunCounts(deleted=deleted), limits=(limit,))
    assert judge(facts).status == ("refused" if refused else "succeeded")


def test_a_share_means_nothing_where_there_are_no_contacts() -> None:
    facts = replace(PLAIN, contacts=0, counts=RunCounts(added=7), limits=(ChangeLimit("adds", percent=1),))
    assert judge(facts).status == "succeeded"
    assert judge(replace(facts, limits=(ChangeLimit("adds", count=7),))).code == "limit_adds"


def test_the_guard_is_asked_before_limits() -> None:
    facts = replace(GUARDED, found=5, counts=RunCounts(deleted=95), limits=(ChangeLimit("deletes", count=1),))
    assert judge(facts).code == "guard_ten_percent"


def test_a_share_is_counted_as_it_was_typed() -> None:
    facts = replace(PLAIN, good_rows=9_943, rejected=57, most_row_error_percent=0.57)
    assert judge(facts).status == "succeeded_with_errors"
    assert judge(replace(facts, good_rows=9_942, rejected=58)).code == "too_many_row_errors"
