import gzip
import io
import zipfile
from collections.abc import AsyncIterator

import pytest

from services.fetcher.adapters.unpacking import unpacked
from shared.errors import UserError

CONTENT = b"".join(b"%d,Name %d\n" % (row, row) for row in range(50_000))


async def content_of(data: bytes, piece: int = 1_000) -> bytes:
    async def blocks() -> AsyncIterator[bytes]:
        for at in range(0, len(data), piece):
            yield data[at : at + piece]

    return b"".join([part async for part in unpacked(blocks(), most_ratio=500)])


def zipped(folder: str = "folder/", **members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("folder")
        for name, content in members.items():
            archive.writestr(f"{folder}{name}.csv", content)
    return out.getvalue()


@pytest.mark.parametrize("piece", [1, 1_000, 10_000_000])
@pytest.mark.parametrize("data", [b"", b"P", b"PK", b"\x1f", b"No,Name\n"])
async def test_what_is_no_archive_passes(data: bytes, piece: int) -> None:
    assert await content_of(data, piece) == data


@pytest.mark.parametrize("piece", [1_000, 10_000_000])
async def test_gzip_of_several_members(piece: int) -> None:
    packed = gzip.compress(CONTENT) + gzip.compress(b"more\n")
    assert await content_of(packed, piece) == CONTENT + b"more\n"
    assert await content_of(packed + b"\0" * 512, piece) == CONTENT + b"more\n"


async def test_a_zip_of_one_file() -> None:
    assert await content_of(zipped(people=CONTENT)) == CONTENT


async def test_a_bomb_comes_in_bounded_pieces() -> None:
    async def blocks() -> AsyncIterator[bytes]:
        yield gzip.compress(b"\0" * 50_000_000)

    sizes = [len(piece) async for piece in unpacked(blocks(), most_ratio=500)]
    assert sum(sizes) == 50_000_000
    assert max(sizes) <= 256 * 1024


def encrypted() -> bytes:
    data = bytearray(zipped(people=b"x"))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.rindex(mark) + offset] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (gzip.compress(CONTENT, mtime=0)[:-20], "archive_truncated"),
        (gzip.compress(CONTENT, mtime=0)[:50], "archive_truncated"),
        (gzip.compress(CONTENT, mtime=0)[:-8] + b"\0" * 8, "archive_corrupt"),
        (zipped(one=b"1", two=b"2"), "archive_not_one_file"),
        (zipped(), "archive_not_one_file"),
        (zipped(people=CONTENT)[:-40], "archive_corrupt"),
        (zipped(people=CONTENT).replace(b"people.csv", b"poople.csv", 1), "archive_corrupt"),
        (encrypted(), "archive_encrypted"),
        (zipped("../", people=CONTENT), "archive_name_unsafe"),
        (zipped("folder/../../", people=CONTENT), "archive_name_unsafe"),
        (zipped("..\\", people=CONTENT), "archive_name_unsafe"),
        (zipped("/etc/", people=CONTENT), "archive_name_unsafe"),
        (zipped("C:\\", people=CONTENT), "archive_name_unsafe"),
    ],
)
async def test_archives_that_fail(data: bytes, code: str) -> None:
    with pytest.raises(UserError) as error:
        await content_of(data)
    assert error.value.code == code
