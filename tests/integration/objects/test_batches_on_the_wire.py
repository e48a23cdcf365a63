"""Whatever a chunk holds, its batches fit the broker's records: at most 768 KiB as JSON."""

import secrets
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from services.parser.chunk_reader import ChunkReader
from shared.clock import SystemClock
from shared.errors import PermanentError
from shared.events.files import ChunkRange, ChunkReady, StoredFile
from shared.events.rows import RowsParsed
from shared.events.set_up import ParsedColumn, ParseRules
from shared.objects.store import SealedObjects
from shared.rules.kinds import Kind
from shared.sealing import Sealer
from shared.settings import ObjectSettings

MOST = 768 * 1024
UNIT, CONTROL = "\x1f", "\x01"
SEALER = Sealer([secrets.token_bytes(32)])


async def batches_of(folder: Path, text: str, kinds: list[Kind], *, said_length: int | None = None) -> list[RowsParsed]:
    objects = SealedObjects.from_settings(ObjectSettings(url=f"file://{folder}"), SEALER)
    data = ("Id," + ",".join(f"C{place}" for place in range(len(kinds))) + "\n" + text).encode()
    async with objects.write("text/x") as writer:
        await writer.write(data)
    rules = ParseRules(
        manager_id=uuid4(),
        columns=[ParsedColumn(column=f"C{place}", field=place + 2, kind=kind) for place, kind in enumerate(kinds)],
        key_field=1,
        key_column="Id",
        trim=False,
    )
    ready = ChunkReady(
        event_id=uuid4(),
        occurred_at=datetime.now(UTC),
        run_id=uuid4(),
        import_id=uuid4(),
        attempt=1,
        file=StoredFile(
            object_key="text/x", name="x", sha256="0", bytes=len(data), text_bytes=len(data), encoding="utf-8"
        ),
        chunk=ChunkRange(index=0, offset=0, length=said_length or len(data), first_line=1),
        parse=rules,
    )
    return [batch async for batch in ChunkReader(objects, SEALER, SystemClock()).batches(ready)]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("".join(f"{row},{secrets.token_hex(8)},x y z,{row}\n" for row in range(6_000)), [Kind.PASSWORD] * 3),
        ("".join(f"{row},{UNIT * 90}\n" for row in range(6_000)), [Kind.TEXT]),
        (f"1,{CONTROL * 200_000}\n2,short\n", [Kind.TEXT]),
        (f"1,{'x' * 500_000}\n2,{'y' * 500_000}\n", [Kind.PASSWORD]),
        ("".join(f"{row},{'é' * 300}\n" for row in range(6_000)), [Kind.TEXT]),
        ("".join(f"{row},no address,{'n' * 500}\n" for row in range(6_000)), [Kind.EMAIL, Kind.NUMBER]),
    ],
)
async def test_batches_fit_and_lose_nothing(tmp_path: Path, text: str, kinds: list[Kind]) -> None:
    batches = await batches_of(tmp_path, text, kinds)
    assert max(len(batch.model_dump_json()) for batch in batches) <= MOST
    assert sum(batch.good + len(batch.rejected) for batch in batches) == text.count("\n")
    assert sum(batch.count for batch in batches) == sum(batch.lines for batch in batches) == text.count("\n") + 1


async def test_a_chunk_that_is_shorter_than_was_said_is_no_chunk(tmp_path: Path) -> None:
    with pytest.raises(PermanentError) as error:
        await batches_of(tmp_path, "1,x\n", [Kind.TEXT], said_length=1_000)
    assert error.value.code == "chunk_incomplete"
