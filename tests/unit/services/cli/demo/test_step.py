import pytest

from services.cli.demo.step import Facts, Played, Step, counts_in_words, facts_of_run, play


def test_counts_are_told_in_order_without_zeros() -> None:
    assert counts_in_words({"added": 2, "deleted": 0, "read": 3000}) == "3,000 read, 2 added"


def test_a_refused_run_is_not_told_as_done() -> None:
    run = {"status": "refused", "error": {"code": "guard", "message": "No."}, "counts": {"read": 1, "deleted": 9}}
    assert facts_of_run(run, 10) == ("refused (guard)", "not done: 1 read, 9 deleted", "10 contacts")


def test_an_error_that_nobody_foresaw_is_not_swallowed() -> None:
    def stumble() -> Facts:
        raise ZeroDivisionError

    playing = play([Step("Stumble", "", (), stumble)])
    assert isinstance(next(playing), Step)
    with pytest.raises(ZeroDivisionError):
        next(playing)


def test_a_step_that_broke_off_is_wrong_even_where_nothing_was_wanted() -> None:
    step = Step("Nothing", "", (), lambda: ())
    assert Played(step, (), 0.0).right
    assert not Played(step, (), 0.0, error="It broke.").right
