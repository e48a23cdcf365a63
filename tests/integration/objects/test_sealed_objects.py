"""Sealed objects in a real folder: whole or not at all, read by range, nothing in clear, nothing replaced."""

import os
import secrets
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.errors import PermanentError
from shared.objects.reader import SEGMENT_BYTES
from shared.objects.store import SealedObjects
from shared.sealing import Sealer
from shared.settings import ObjectSettings

KEY, OTHER_KEY = secrets.token_bytes(32), secrets.token_bytes(32)
CONTENT = secrets.token_bytes(3 * SEGMENT_BYTES + 12_345)


def objects(folder: Path, *keys: bytes) -> SealedObjects:
    return SealedObjects.from_settings(ObjectSettings(url=f"file://{folder}"), Sealer(keys or [KEY]))


async def put(store: SealedObjects, key: str, content: bytes) -> None:
    async with store.write(key) as writer:
        for at in range(0, len(content), 100_000):
            await writer.write(content[at : at + 100_000])
    assert writer.written == len(content)


async def test_any_range_reads_back(tmp_path: Path) -> None:
    store = objects(tmp_path)
    await put(store, "text/a", CONTENT)
    for start, length in [(0, 1), (0, len(CONTENT)), (SEGMENT_BYTES - 1, 2), (len(CONTENT) - 5, 100), (777, 2_000_000)]:
        assert await store.read("text/a", start, length) == CONTENT[start : start + length]
    assert await store.read("text/a", len(CONTENT), 10) == b""
    assert b"".join([block async for block in store.stream("text/a")]) == CONTENT


async def test_an_empty_object(tmp_path: Path) -> None:
    store = objects(tmp_path)
    await put(store, "text/empty", b"")
    assert await store.read("text/empty", 0, 10) == b""


async def test_nothing_is_written_in_clear(tmp_path: Path) -> None:
    store = objects(tmp_path)
    await put(store, "text/a", b"canary " * 1000)
    assert b"canary" not in (tmp_path / "text" / "a").read_bytes()


async def test_a_writer_that_fails_leaves_no_object(tmp_path: Path) -> None:
    store = objects(tmp_path)

    async def cut_short() -> None:
        async with store.write("text/half") as writer:
            await writer.write(CONTENT)
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await cut_short()
    with pytest.raises(PermanentError) as error:
        await store.read("text/half", 0, 1)
    assert error.value.code == "object_missing"


async def test_a_lasting_key_is_never_replaced(tmp_path: Path) -> None:
    store = objects(tmp_path)
    await put(store, "incoming/1", b"first")
    await put(store, "incoming/2", b"second")
    await store.keep_as("incoming/1", "text/a")
    await store.keep_as("incoming/2", "text/a")
    assert await store.read("text/a", 0, 100) == b"first"
    assert [file.name for file in (tmp_path / "incoming").iterdir()] == []


async def test_older_keys_still_open_and_strange_ones_do_not(tmp_path: Path) -> None:
    await put(objects(tmp_path, OTHER_KEY), "text/a", CONTENT)
    assert await objects(tmp_path, KEY, OTHER_KEY).read("text/a", 0, 9) == CONTENT[:9]
    with pytest.raises(PermanentError) as error:
        await objects(tmp_path, KEY).read("text/a", 0, 9)
    assert error.value.code == "seal_broken"


async def test_segments_cannot_be_swapped(tmp_path: Path) -> None:
    store = objects(tmp_path)
    await put(store, "text/a", CONTENT)
    file = tmp_path / "text" / "a"
    data = file.read_bytes()
    sealed = (len(data) - 16 - (len(CONTENT) % SEGMENT_BYTES + 34)) // 3
    first, second = data[16 : 16 + sealed], data[16 + sealed : 16 + 2 * sealed]
    file.write_bytes(data[:16] + second + first + data[16 + 2 * sealed :])
    with pytest.raises(PermanentError):
        await store.read("text/a", 0, 10)


async def test_what_is_older_than_a_moment_is_deleted_under_a_prefix_only(tmp_path: Path) -> None:
    store = objects(tmp_path)
    for key in ("samples/old", "samples/new", "text/old"):
        await put(store, key, b"x")
    hour = 3600
    for key in ("samples/old", "text/old"):
        os.utime(tmp_path / key, (time.time() - 2 * hour,) * 2)
    assert await store.delete_older("samples", datetime.now(UTC) - timedelta(seconds=hour)) == 1
    assert await store.read("samples/new", 0, 1) == await store.read("text/old", 0, 1) == b"x"
    with pytest.raises(PermanentError):
        await store.read("samples/old", 0, 1)
    assert await store.delete_older("nothing-there", datetime.now(UTC)) == 0


async def test_a_reader_reads_on_from_where_it_was(tmp_path: Path) -> None:
    store = objects(tmp_path)
    await put(store, "text/a", CONTENT)
    for block in (100_000, SEGMENT_BYTES, SEGMENT_BYTES + 1, 5 * SEGMENT_BYTES):
        reader = await store.reader("text/a")
        assert b"".join([data async for data in reader.blocks(block)]) == CONTENT
    assert await reader.read(5, 10) == CONTENT[5:15]
    assert await reader.read(len(CONTENT) - 10, SEGMENT_BYTES * 2) == CONTENT[-10:]
    assert await reader.read(5 * SEGMENT_BYTES, 1) == b""
