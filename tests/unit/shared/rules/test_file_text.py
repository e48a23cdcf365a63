import codecs
import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import UserError
from shared.rules.charset import decode, encode_escaped, restore_escapes
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
    with pytest.raises(pa.ArrowInvalid):
        pa.array([text]).cast(pa.string())
    assert text.startswith(b"1,")
    assert text.endswith(b"x\n")


def pieces(*parts: bytes) -> st.SearchStrategy[bytes]:
    return st.lists(st.sampled_from(parts), max_size=20).map(b"".join)


BROKEN = {
    "shift_jis": pieces(b"a", b",", b" ", b"\n", b"\x81", b"\xfd", b"\xa0", "表".encode("shift_jis")),
    "euc_jp": pieces(b"a", b",", b"\n", b"\x8f", b"\x8e", b"\x8f\x8e", b"\xff", "表".encode("euc_jp")),
    "gb18030": pieces(b"a", b",", b"\n", b"\xff", b"\x81", b"\x810", b"\x810\x81", "表".encode("gb18030")),
    "big5": pieces(b"a", b",", b"\n", b"\xff", b"\x81", b"\xa1", "表".encode("big5")),
    "utf-16-le": pieces(b"a\0", b"\0\xd8", b"\0\xdc", b"\x81\xdc", b"\n\0", "表".encode("utf-16-le")),
    "utf-16-be": pieces(b"\0a", b"\xd8\0", b"\xdc\0", b"\xdc\x81", b"\0\n", "表".encode("utf-16-be")),
    "utf-32-le": pieces(b"a\0\0\0", b"\0\xd8\0\0", b"\xff\xff\xff\xff", b"\n\0\0\0"),
}


@pytest.mark.parametrize("encoding", BROKEN)
@given(data=st.data(), piece=st.integers(1, 8))
def test_undecodable_bytes_come_back_as_they_were(encoding: str, data: st.DataObject, piece: int) -> None:
    content = data.draw(BROKEN[encoding])
    text, stored_in = decoded(content, encoding, piece=piece)
    assert encode_escaped(restore_escapes(decode(text, stored_in)), encoding) == content


def test_half_a_unit_displaces_nothing_that_comes_behind_it() -> None:
    text, stored_in = decoded(b"a\0\xe9", "utf-16-le")
    again = encode_escaped(restore_escapes(decode(text, stored_in)) + ",b", "utf-16-le")
    assert (again[:2], again[-4:]) == (b"a\0", b",\0b\0")


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


@pytest.mark.parametrize("encoding", ["iso2022_jp", "iso2022_jp_2", "iso2022_jp_2004", "iso2022_kr", "hz"])
@given(
    data=st.lists(st.sampled_from([b"\x1b", b"\x1b$B", b"\x1b(B", b"\x0e", b"~{", b"F|", b")", b",", b"\n", b"a"])).map(
        b"".join
    ),
    piece=st.integers(1, 40),
)
def test_unfinished_escapes_wait_for_the_next_piece_however_long(encoding: str, data: bytes, piece: int) -> None:
    parts = [data] if encoding == "iso2022_kr" else re.split(b"(\n)", data)
    whole = "".join(part.decode(encoding, "charset-escape") for part in parts).encode("utf-8", "surrogatepass")
    assert decoded(data, encoding, piece=piece) == (whole, "utf-8")


def test_an_escape_longer_than_python_keeps() -> None:
    data = b"a\x1b),.-1234567,b"
    whole = data.decode("iso2022_jp", "charset-escape").encode("utf-8", "surrogatepass")
    assert decoded(data + b"\n", "iso2022_jp", piece=12) == (whole + b"\n", "utf-8")


@pytest.mark.parametrize("encoding", ["iso2022_jp", "hz"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_damaged_line_spoils_no_other(encoding: str, end: str) -> None:
    lines = ["1,山田" + end, "2,田山" + end, "3,山" + end]
    whole = [line.encode(encoding) for line in lines]
    damaged = whole[0][:-6] + whole[0][-6 + 1 :]
    text, _ = decoded(damaged + whole[1] + whole[2], encoding, piece=4)
    assert text.decode("utf-8", "surrogatepass").splitlines(keepends=True)[-2:] == lines[1:]


@pytest.mark.parametrize(("encoding", "stray"), [("gb18030", b"\xff5"), ("euc_jp", b"\x8f"), ("euc_jis_2004", b"\x8f")])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_stray_byte_takes_no_line_end_at_the_end_of_a_file(encoding: str, stray: bytes, end: str) -> None:
    text, _ = decoded(b"1;x" + stray + end.encode(), encoding)
    assert text.decode("utf-8", "surrogatepass").endswith(end)
