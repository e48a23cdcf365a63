import pytest

from shared.errors import UserError
from shared.rules.dialect import Dialect, delimiter_bytes, validate_dialect


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " ", "||", "12345678", "é", "::é→", "😀"])
def test_fine(delimiter: str) -> None:
    validate_dialect(Dialect(delimiter))


@pytest.mark.parametrize("delimiter", ["", "123456789", "\r", "a\nb", '"', ',"', "\0", "\ud800"])
def test_delimiter_invalid(delimiter: str) -> None:
    with pytest.raises(UserError) as caught:
        validate_dialect(Dialect(delimiter))
    assert (caught.value.code, caught.value.field) == ("delimiter_invalid", "options.delimiter")


@pytest.mark.parametrize("quote", ["", "''", "\n", "«"])
def test_quote_invalid(quote: str) -> None:
    with pytest.raises(UserError) as caught:
        validate_dialect(Dialect(quote=quote))
    assert caught.value.code == "quote_invalid"


def test_the_other_quote_may_be_a_delimiter() -> None:
    validate_dialect(Dialect("'"))


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-16", "windows-1252", "shift_jis", "cp037"])
def test_encoding_fine(encoding: str) -> None:
    validate_dialect(Dialect(encoding=encoding))


@pytest.mark.parametrize("encoding", ["hex", "rot13", "utf-9", "klingon", ""])
def test_encoding_unknown(encoding: str) -> None:
    with pytest.raises(UserError) as caught:
        validate_dialect(Dialect(encoding=encoding))
    assert (caught.value.code, caught.value.field) == ("encoding_unknown", "options.encoding")


def test_a_delimiter_that_the_encoding_lacks() -> None:
    with pytest.raises(UserError) as caught:
        validate_dialect(Dialect("→", encoding="cp1252"))
    assert caught.value.code == "delimiter_invalid"


def test_bytes_of_a_delimiter() -> None:
    assert delimiter_bytes(Dialect("é|"), "utf-8") == b"\xc3\xa9|"
    assert delimiter_bytes(Dialect("é|"), "cp1252") == b"\xe9|"
    assert delimiter_bytes(Dialect(";"), "cp037") == b"\x5e"
