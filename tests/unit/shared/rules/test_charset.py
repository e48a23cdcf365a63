from encodings.aliases import aliases

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import UserError
from shared.rules.charset import (
    charset_name,
    decode,
    encode_escaped,
    has_escapes,
    is_single_byte,
    readable,
    restore_escapes,
    single_byte_table,
)


def known_names() -> list[str]:
    names = set()
    for alias in {*aliases.values(), "mac_arabic", "cp720", "cp874", "koi8_u"}:
        try:
            names.add(charset_name(alias))
        except UserError:
            continue
    return sorted(names)


SINGLE = [name for name in known_names() if is_single_byte(name)]
MULTI = [name for name in known_names() if not is_single_byte(name)]


def test_which_encodings_are_multi_byte() -> None:
    assert {"utf-8", "utf-16", "utf-32-be", "shift_jis", "gb18030", "iso2022_jp", "hz"} <= set(MULTI)
    assert {"ascii", "cp1252", "iso8859-15", "cp037", "mac-arabic", "koi8-r"} <= set(SINGLE)


@pytest.mark.parametrize("name", SINGLE)
def test_a_single_byte_encoding_reads_as_python_reads_it_and_escapes_the_rest(name: str) -> None:
    table = single_byte_table(name)
    assert len(table) == 256
    defined = bytes(byte for byte in range(256) if not "\udc00" <= table[byte] <= "\udcff")
    assert defined.decode(name) == decode(defined, name)
    for byte in set(range(256)) - set(defined):
        assert table[byte] == chr(0xDC00 + byte)
        with pytest.raises(UnicodeDecodeError):
            bytes([byte]).decode(name)


@pytest.mark.parametrize("name", MULTI)
def test_a_multi_byte_encoding_has_more_than_one_byte_for_some_character(name: str) -> None:
    assert len("é日".encode(name, "ignore") or "é日".encode(name, "xmlcharrefreplace")) != 1


@pytest.mark.parametrize(
    "name", ["hex", "base64", "rot13", "idna", "punycode", "unicode_escape", "undefined", "utf-7", "nope", "", "a\0b"]
)
def test_unknown(name: str) -> None:
    with pytest.raises(UserError) as caught:
        charset_name(name)
    assert (caught.value.code, caught.value.field) == ("encoding_unknown", "options.encoding")


@pytest.mark.parametrize(("name", "expected"), [("UTF8", "utf-8"), ("windows-1252", "cp1252"), ("latin1", "iso8859-1")])
def test_other_names(name: str, expected: str) -> None:
    assert charset_name(name) == expected


@given(st.binary())
def test_utf8_never_loses_a_byte(data: bytes) -> None:
    text = decode(data, "utf-8")
    assert text.encode("utf-8", "surrogateescape") == data
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        assert has_escapes(text)
    else:
        assert not has_escapes(text)


def test_other_multi_byte_encodings_are_not_decoded() -> None:
    with pytest.raises(ValueError, match="utf-16"):
        decode(b"", "utf-16")


def test_bytes_that_are_not_in_the_encoding_are_shown_as_such() -> None:
    assert readable(decode(b"a\x81\xffz", "utf-8")) == "a\\x81\\xffz"
    assert readable("Zürich") == "Zürich"


def test_escapes_are_restored_only_where_they_were_stored() -> None:
    stored = decode(b"a\xed\xb2\x81z\xff", "utf-8")
    assert encode_escaped(stored, "utf-8") == b"a\xed\xb2\x81z\xff"
    assert restore_escapes(stored) == "a\udc81z\udcff"
    assert restore_escapes("Zürich") == "Zürich"
