"""A file of which not every byte came through is not stored: what was hashed is counted, and what is in chunks."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.fetcher.adapters import text_store
from services.fetcher.adapters.text_store import TextStore
from services.fetcher.domain.chunks import Chunk
from services.fetcher.domain.cutting import ChunkCutter
from shared.errors import PermanentError
from shared.events.set_up import ParseRules
from shared.ids import new_id
from shared.objects.store import SealedObjects
from shared.sealing import Sealer
from shared.settings import ObjectSettings

CONTENT = b"No,Name\n" + b"".join(b"%d,Somebody with a name\n" % number for number in range(200_000))
PASSAGE: Any = vars(text_store)["_Passage"]
RULES = ParseRules(manager_id=new_id(), columns=[], key_field=1, key_column="No")


class Forgetful(ChunkCutter):
    """Loses the last chunk."""

    def finish(self) -> list[Chunk]:
        return super().finish()[:-1]


async def blocks() -> AsyncIterator[bytes]:
    for start in range(0, len(CONTENT), 1 << 20):
        yield CONTENT[start : start + (1 << 20)]


@pytest.fixture
def texts(tmp_path: Path) -> TextStore:
    objects = SealedObjects.from_settings(ObjectSettings(url=f"file://{tmp_path}"), Sealer([bytes(32)]))
    return TextStore(objects, chunk_bytes=1 << 20, max_bytes=1 << 30, new_id=new_id)


def kept(tmp_path: Path) -> list[Path]:
    return [path for path in tmp_path.rglob("*") if path.is_file()]


async def test_every_byte_is_hashed_and_in_a_chunk(texts: TextStore) -> None:
    stored, chunks = await texts.store(blocks(), RULES, "people.csv")
    assert stored.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert sum(chunk.length for chunk in chunks) == stored.text_bytes == len(CONTENT)
    assert len(chunks) > 2


async def test_a_chunk_that_is_lost_is_noticed(
    texts: TextStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_store, "ChunkCutter", Forgetful)
    with pytest.raises(PermanentError) as lost:
        await texts.store(blocks(), RULES, "people.csv")
    assert lost.value.code == "file_does_not_balance"
    assert not [path for path in kept(tmp_path) if "text" in path.parts]


async def test_a_block_that_is_not_hashed_is_noticed(texts: TextStore, monkeypatch: pytest.MonkeyPatch) -> None:
    class Careless(PASSAGE):  # type: ignore[misc]
        """Lets the first block go past the hash."""

        is_warned = False

        def _hash(self, block: bytes) -> None:
            if self.is_warned:
                super()._hash(block)
            self.is_warned = True

    monkeypatch.setattr(text_store, "_Passage", Careless)
    with pytest.raises(PermanentError) as lost:
        await texts.store(blocks(), RULES, "people.csv")
    assert lost.value.code == "file_does_not_balance"
