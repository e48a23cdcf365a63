import pytest

from shared.rules.problems import PROBLEM_CODES, describe_problem


def test_all_codes() -> None:
    assert set(PROBLEM_CODES) == {
        *(
            "id_missing",
            "id_too_long",
            "too_few_cells",
            "too_many_cells",
            "undecodable",
            "nul_character",
            "row_too_large",
        ),
        *("email_invalid", "phone_invalid", "number_invalid", "date_invalid"),
        *("duplicate_id", "deletes_held_back", "column_kept", "value_kept", "edit_kept"),
    }


@pytest.mark.parametrize("code", sorted(PROBLEM_CODES))
@pytest.mark.parametrize("column", [None, "a {b} %s"])
def test_every_code_reads_as_a_sentence(code: str, column: str | None) -> None:
    text = describe_problem(code, column)
    assert text[0].isupper()
    assert text.endswith((".", "?"))
    assert "{where}" not in text
    assert "{again}" not in text


def test_the_column_is_named() -> None:
    assert 'column "{E}"' in describe_problem("email_invalid", "{E}")


def test_the_other_line_is_named() -> None:
    assert "again on line 12" in describe_problem("duplicate_id", other_line=12)


def test_an_unknown_code() -> None:
    with pytest.raises(KeyError):
        describe_problem("nope")
