import codecs

import pytest

from shared.errors import UserError
from shared.rules.file_text import TextDecoder

TEXT = "No,Name\n1,Zoë 中\n"


def decoded(data: bytes, chosen: str | None = None, *, piece: int = 1) -> tuple[bytes, str]:
    decoder = TextDecoder(chosen)
    text = b"".join(decoder.feed(data[at : at + piece]) for at in range(0, len(data), piece)) + decoder.finish()
    return text, decoder.encoding


@pytest.mark.parametrize("piece", [1, 3, 1000])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_byte_order_mark_decides_and_is_taken_off(mark: bytes, encoding: str, piece: int) -> None:
    assert decoded(mark + TEXT.encode(encoding), piece=piece) == (TEXT.encode(), "utf-8")


def test_a_single_byte_encoding_is_kept_as_it_is() -> None:
    data = "1,Zoë\n".encode("cp1252")
    assert decoded(data, "windows-1252") == (data, "cp1252")


def test_other_encodings_become_utf8() -> None:
    assert decoded("1,中文\n".encode("gb18030"), "gb18030") == ("1,中文\n".encode(), "utf-8")


def test_what_cannot_be_decoded_stays_undecodable() -> None:
    text, encoding = decoded(b"1,\x81\xff,x\n", "shift_jis")
    assert encoding == "utf-8"
    with pytest.raises(UnicodeDecodeError):
        text.decode()
    assert text.startswith(b"1,")
    assert text.endswith(b"x\n")


@pytest.mark.parametrize(
    ("mark", "chosen"),
    [(codecs.BOM_UTF16_LE, "utf-8"), (codecs.BOM_UTF8, "cp1252"), (codecs.BOM_UTF32_LE, "utf-16")],
)
def test_a_mark_that_contradicts_the_choice_fails(mark: bytes, chosen: str) -> None:
    with pytest.raises(UserError) as error:
        decoded(mark + b"1,2\n", chosen)
    assert error.value.code == "encoding_contradicts_mark"


def test_nothing_is_nothing() -> None:
    assert decoded(b"") == (b"", "utf-8")
    assert decoded(b"a") == (b"a", "utf-8")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_without_a_mark_they_are_little_endian(encoding: str) -> None:
    decoder = TextDecoder(encoding)
    assert decoder.feed("a,é\n".encode(f"{encoding}-le")) + decoder.finish() == "a,é\n".encode()
