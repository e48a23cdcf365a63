"""What the command line says is to be imported."""

from pathlib import Path

import pytest

from services.cli.import_source import Line, columns_of, dialect_of, is_link, link_name, map_columns
from shared.errors import UserError
from shared.rules.dialect import Dialect


def refused_code(chosen: list[str], key: str, columns: list[str] | None = None) -> str:
    with pytest.raises(UserError) as refused:
        map_columns(columns, chosen, key, has_header=True)
    return refused.value.code


def test_all_columns_of_a_file_go_to_fields_of_their_name() -> None:
    mapping = map_columns(["No", "Name=1"], [], "No", has_header=True)
    assert mapping.lines == (Line("No", "No"), Line("Name=1", "Name=1"))
    assert mapping.key_field == "No"


def test_chosen_columns_alone_go_and_the_key_goes_always() -> None:
    mapping = map_columns(["No", "Name", "Town"], ["Town=City"], " No ", has_header=True)
    assert mapping.lines == (Line("Town", "City"), Line("No", "No"))
    assert mapping.key_field == "No"


def test_the_key_may_go_to_a_field_of_another_name() -> None:
    mapping = map_columns(None, ["a=b=Code", "Name"], "a=b", has_header=True)
    assert mapping.lines == (Line("a=b", "Code"), Line("Name", "Name"))
    assert mapping.key_field == "Code"


def test_without_a_header_columns_are_numbers() -> None:
    mapping = map_columns(["1", "2"], [], "2", has_header=False)
    assert mapping.lines == (Line("1", "Column 1"), Line("2", "Column 2"))
    assert mapping.key_field == "Column 2"


def test_what_cannot_be_mapped_is_refused() -> None:
    assert refused_code([], "No") == "map_missing"
    assert refused_code([], "Nr", ["No"]) == "column_missing"
    assert refused_code(["Nmae"], "No", ["No", "Name"]) == "column_missing"
    assert refused_code(["a=x", "b=x"], "a") == "field_mapped_twice"
    assert refused_code(["a=x", "a=y"], "a") == "column_mapped_twice"


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"No,Name\r\n1,A\r\n", ["No", "Name"]),
        (b"\n\nNo,No,\n", ["No", "No (2)", "Column 3"]),
        ("\ufeffNo,Größe\n".encode(), ["No", "Größe"]),
        ("No,Größe\n".encode("utf-16"), ["No", "Größe"]),
        (b"No", ["No"]),
        (b"No,Name\n" + b"1,A\n" * 300_000, ["No", "Name"]),
    ],
)
def test_the_header_is_read_as_a_run_reads_it(tmp_path: Path, data: bytes, names: list[str]) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(data)
    assert columns_of(path, Dialect()) == names


def test_a_file_that_is_not_there_is_a_matter_of_usage(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file") as refused:
        columns_of(tmp_path / "people.csv", Dialect())
    assert refused.value.code == "file_unreadable"


def test_delimiters_have_names() -> None:
    assert dialect_of("tab", has_header=True, encoding=None).delimiter == "\t"
    assert dialect_of("||", has_header=True, encoding=None).delimiter == "||"
    with pytest.raises(UserError):
        dialect_of("", has_header=True, encoding=None)


def test_an_import_of_a_link_is_called_by_its_last_part() -> None:
    assert is_link("sftp://host/dir/people.csv")
    assert not is_link("dir/people.csv")
    assert link_name("sftp://host/dir/people.csv") == "people.csv"
    assert link_name("https://host/") == "host"


def test_a_password_in_a_link_is_refused_and_not_repeated() -> None:
    with pytest.raises(UserError, match="--password-stdin") as refused:
        link_name("sftp://me:canary@host/people.csv")
    assert refused.value.code == "link_has_credentials"
    assert "canary" not in str(refused.value)
