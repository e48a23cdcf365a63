"""An answer that no event can carry is one in words: whoever waits has to hear something."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from services.parser import preview_reader
from services.parser.preview_reader import PreviewReader
from shared.clock import Clock
from shared.events.previews import FileSample, PreviewChoices, PreviewFetched

NOW = datetime(2026, 11, 24, tzinfo=UTC)


class Frozen(Clock):
    def now(self) -> datetime:
        return NOW


class Stored:
    """The part of the object store that a preview needs."""

    async def read(self, key: str, start: int, length: int) -> bytes:
        return b"No,Name\n1,Ann\n"


@pytest.mark.parametrize(("most", "code"), [(1 << 20, None), (500, "preview_too_large")])
async def test_a_preview_that_is_too_large_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, most: int, code: str | None
) -> None:
    monkeypatch.setattr(preview_reader, "_MOST_BYTES", most)
    sample = FileSample(object_key="x", bytes=14, is_whole=True, file_name="x.csv")
    event = PreviewFetched(
        event_id=uuid4(),
        occurred_at=NOW,
        request_id=uuid4(),
        choices=PreviewChoices(),
        wanted_until=NOW,
        sample=sample,
    )
    ready = await PreviewReader(Stored(), Frozen()).answer(event)  # type: ignore[arg-type]
    assert ready is not None
    assert (ready.failure.code if ready.failure else None) == code
    assert (ready.preview is None) is (code is not None)
