"""The beginning of a file's content: no more is taken than is needed, packed or not."""

import gzip
import io
import random
import zipfile
from collections.abc import AsyncIterator

import pytest

from services.fetcher.adapters.beginning import beginning_of
from shared.errors import UserError

MOST = 1 << 16
BLOCK = 64 * 1024


class Blocks:
    """A source of blocks that counts what is taken of it."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.taken = 0

    async def all(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._content), BLOCK):
            block = self._content[start : start + BLOCK]
            self.taken += len(block)
            yield block


async def begin(content: bytes) -> tuple[bytes, bool, int]:
    source = Blocks(content)
    data, is_whole = await beginning_of(source.all(), MOST, most_ratio=500)
    return data, is_whole, source.taken


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


NOISE = random.Random(1).randbytes(8 << 20)
"""It is as large packed as it is unpacked."""


@pytest.mark.parametrize("size", [0, 1, 3, 4, MOST - 1, MOST])
async def test_a_small_file_is_there_whole(size: int) -> None:
    assert await begin(b"x" * size) == (b"x" * size, True, size)


async def test_of_a_large_file_hardly_more_is_taken() -> None:
    data, is_whole, taken = await begin(NOISE)
    assert (data, is_whole) == (NOISE[:MOST], False)
    assert taken <= MOST + 2 * BLOCK


async def test_of_a_large_gzip_hardly_more_is_taken() -> None:
    data, is_whole, taken = await begin(gzip.compress(NOISE))
    assert (data, is_whole) == (NOISE[:MOST], False)
    assert taken <= 2 * MOST + 2 * BLOCK


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
async def test_a_large_zip_is_unpacked_as_it_comes(method: int) -> None:
    content = zipped({"folder/": b"", "folder/people.csv": NOISE}, method)
    data, is_whole, taken = await begin(content)
    assert (data, is_whole) == (NOISE[:MOST], False)
    assert taken < len(content) * 0.75


async def test_small_archives_are_judged_as_in_a_run() -> None:
    assert (await begin(zipped({"people.csv": b"No\n1\n"})))[:2] == (b"No\n1\n", True)
    for content, code in (
        (zipped({"a.csv": b"", "b.csv": b""}), "archive_not_one_file"),
        (zipped({"../a.csv": b"x"}), "archive_name_unsafe"),
        (zipped({"a.csv": b"x" * 100})[:-30], "archive_corrupt"),
        (gzip.compress(b"No\n1\n")[:-9], "archive_truncated"),
    ):
        with pytest.raises(UserError) as caught:
            await begin(content)
        assert caught.value.code == code


async def test_faults_of_a_large_zip_that_show_in_time() -> None:
    whole = zipped({"people.csv": NOISE})
    encrypted = bytearray(whole)
    encrypted[6] |= 1
    broken = bytearray(whole)
    broken[40:400] = b"\xff" * 360
    for content, code in (
        (bytes(encrypted), "archive_encrypted"),
        (bytes(broken), "archive_corrupt"),
        (zipped({"../people.csv": NOISE}), "archive_name_unsafe"),
    ):
        with pytest.raises(UserError) as caught:
            await begin(content)
        assert caught.value.code == code
