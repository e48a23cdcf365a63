"""One date format and one decimal separator for all columns that need one; where several fit, a person is asked."""

import pytest

from services.web.proposals.notation import propose_notation
from shared.events.previews import ColumnDetails
from shared.rules.kinds import Kind


def column(name: str, *samples: str, formats: str = "", separators: str = "", dates: float = 1.0) -> ColumnDetails:
    return ColumnDetails(
        name=name,
        position=1,
        samples=list(samples),
        filled=1.0,
        distinct=1.0,
        kinds=[Kind.TEXT],
        shares={Kind.DATE: dates},
        date_formats=formats.split(),
        decimal_separators=list(separators),
    )


BIRTH = column("Birth", "13/02/1990", formats="%d/%m/%Y")
JOINED = column("Joined", "01/01/2020", "01/02/2020", formats="%d/%m/%Y %m/%d/%Y")
CHANGED = column("Changed", "2024-01-02", formats="%Y-%m-%d")


def test_what_reads_all_columns_of_dates_is_the_format() -> None:
    found, problems = propose_notation([BIRTH, JOINED], ["Birth", "Joined"], [], chosen=None)
    assert (found.date_format, problems) == ("%d/%m/%Y", [])
    (only,) = found.date_formats
    assert (only.signs, only.sample, only.meaning) == ("DD/MM/YYYY", "13/02/1990", "13 February 1990")


def test_a_column_that_goes_to_no_date_has_no_say() -> None:
    found, problems = propose_notation([BIRTH, CHANGED], ["Birth"], [], chosen=None)
    assert (found.date_format, problems) == ("%d/%m/%Y", [])


def test_an_ambiguous_date_is_asked_with_a_value_that_differs() -> None:
    found, (problem,) = propose_notation([JOINED, CHANGED], ["Joined"], [], chosen=None)
    assert found.date_format is None
    assert [(each.sample, each.meaning, each.signs) for each in found.date_formats] == [
        ("01/02/2020", "1 February 2020", "DD/MM/YYYY"),
        ("01/02/2020", "2 January 2020", "MM/DD/YYYY"),
    ]
    assert (problem.code, problem.column) == ("date_ambiguous", "Joined")
    assert "01/02/2020 may be 1 February 2020 (DD/MM/YYYY) or 2 January 2020 (MM/DD/YYYY)" in problem.message


def test_columns_that_no_one_format_reads_are_told() -> None:
    found, (problem,) = propose_notation([BIRTH, CHANGED], ["Birth", "Changed"], [], chosen=None)
    assert (found.date_format, found.date_formats, problem.code) == (None, [], "date_formats_differ")
    assert "“Birth”: %d/%m/%Y; “Changed”: %Y-%m-%d" in problem.message


@pytest.mark.parametrize(("chosen", "words"), [("%Y-%m-%d", "format %Y-%m-%d does not read"), (None, "No usual")])
def test_a_format_that_does_not_read_a_column_is_told(chosen: str | None, words: str) -> None:
    found, (problem,) = propose_notation([column("Birth", "13/02/1990")], ["Birth"], [], chosen=chosen)
    assert (found.date_format, problem.code) == (None, "date_format_unfit")
    assert words in problem.message


def test_texts_and_what_was_chosen_are_left_alone() -> None:
    found, problems = propose_notation([column("Birth", "x", dates=0.1)], ["Birth"], [], chosen=None)
    assert (found.date_formats, problems) == ([], [])
    found, problems = propose_notation([JOINED], ["Joined"], [], chosen="%d/%m/%Y")
    assert (found.date_formats, problems) == ([], [])


def test_the_decimal_separator_is_that_of_the_columns_of_numbers() -> None:
    price, version = column("Price", "2,50", separators=","), column("Version", "1.5", separators=".")
    whole = column("Count", "7", separators=".,")
    assert propose_notation([price, version, whole], [], ["Price", "Count"], chosen=None)[0].decimal_separator == ","
    assert propose_notation([version, whole], [], ["Count"], chosen=None)[0].decimal_separator is None
    found, (problem,) = propose_notation([price, version], [], ["Price", "Version"], chosen=None)
    assert (found.decimal_separator, problem.code) == (None, "decimal_separators_differ")
