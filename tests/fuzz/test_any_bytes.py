"""Arbitrary bytes: no crash, no hang, no growth of memory; every record, line and byte accounted for."""

import ctypes
import gc
import json
import random
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pyarrow as pa
import pytest

from services.fetcher.domain.cutting import ChunkCutter
from services.parser.domain.batching import cut_batches
from services.parser.domain.block_text import BlockText
from services.parser.domain.blocks import judge_block
from shared.errors import UserError
from shared.rules.dialect import Dialect, validate_dialect
from shared.rules.file_text import TextDecoder
from shared.rules.header import read_head
from shared.rules.kinds import Kind
from shared.rules.mapping import MappedColumn, ParsePlan, resolve
from tests.support.examples import FUZZ_SECONDS

CASES = Path(__file__).parents[1] / "corpus" / "csv_cases.jsonl"
LONGEST_SECONDS = 5.0
MOST_GROWTH = 32 << 20
TOKENS = [
    b",",
    b";",
    b'"',
    b'""',
    b"\n",
    b"\r\n",
    b"\r",
    b"\0",
    b"\xff",
    b"\xfe",
    b"\xef\xbb\xbf",
    b"a@b.de",
    b"||",
    b"#",
    b" " * 3000,
    b"0" * 3000,
]
ENCODINGS = [
    None,
    "utf-8",
    "cp1252",
    "shift_jis",
    "gb18030",
    "utf-16",
    "cp037",
    "iso2022_jp",
    "hz",
    "mac_roman",
]


def mutated(source: random.Random, seeds: list[bytes]) -> bytes:
    data = bytearray(source.choice(seeds) * source.choice([1, 1, 1, 30]))
    for _ in range(source.randint(0, 20)):
        place = source.randint(0, len(data))
        match source.randint(0, 3):
            case 0:
                data[place:place] = source.choice(TOKENS)
            case 1:
                del data[place : place + source.randint(1, 9)]
            case 2:
                data[place:place] = source.randbytes(source.randint(1, 9))
            case _:
                data += data[:place]
    return bytes(data[:20_000])


def random_dialect(source: random.Random) -> Dialect:
    return Dialect(
        source.choice([",", ";", "\t", "|", " ", "||", "é", "a,b"]),
        source.choice(['"', "'"]),
        has_header=source.random() < 0.5,
        encoding=source.choice(ENCODINGS),
        skip_lines=source.choice([0, 0, 0, 1, 3]),
        comment=source.choice([None, None, "#"]),
    )


def read_through(data: bytes, dialect: Dialect, source: random.Random) -> None:
    """Read as the services do and check that all adds up; UserError where the file fails as a whole."""
    validate_dialect(dialect)
    decoder = TextDecoder(dialect.encoding)
    text = decoder.feed(data) + decoder.finish()
    cutter = ChunkCutter(dialect, encoding=decoder.encoding, chunk_bytes=source.randint(1, 500), block_bytes=99)
    chunks = cutter.feed(text) + cutter.finish()
    assert sum(chunk.length for chunk in chunks) == len(text)
    head = read_head(text, dialect, encoding=decoder.encoding)
    kinds = [Kind.EMAIL, Kind.DATE, Kind.PASSWORD, Kind.PHONE, Kind.NUMBER]
    columns = [MappedColumn(name, place, kinds[place % 5]) for place, name in enumerate(head.names[1:6], start=2)]
    key = source.choice([None, MappedColumn(head.names[0], 1, Kind.TEXT)])
    mapping = resolve(ParsePlan(tuple(columns), key, trim=source.random() < 0.7), head.names)
    line = 1
    for chunk in chunks:
        offset = chunk.offset
        for length, first_line in chunk.blocks or ((chunk.length, chunk.first_line),):
            block = judge_block(
                BlockText(text[offset : offset + length], decoder.encoding, first_line=first_line),
                dialect,
                head,
                mapping,
                skip_lines=dialect.skip_lines if offset == 0 else 0,
            )
            assert first_line == line
            for batch in cut_batches(block, first=0, max_bytes=source.choice([100, 100_000])):
                assert batch.first_line == line
                assert batch.count == batch.rows.num_rows + len(batch.rejected) + sum(batch.no_row_counts())
                line += batch.lines
            offset += length
    assert line - 1 == cutter.lines


def held_memory(process: psutil.Process) -> int:
    """Return what is held, without what allocators keep for the next file."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    with suppress(AttributeError):  # only GNU's has it
        ctypes.CDLL(None).malloc_trim(0)
    return process.memory_info().rss


@pytest.mark.timeout(FUZZ_SECONDS + 120)
def test_any_bytes(seed: int) -> None:
    source = random.Random(seed)
    seeds = [json.loads(line)["input"].encode() for line in CASES.read_text(encoding="ascii").splitlines()]
    process, before = psutil.Process(), 0
    ends = time.monotonic() + FUZZ_SECONDS
    files = whole = 0
    slowest = 0.0
    while time.monotonic() < ends:
        data = mutated(source, seeds) if source.random() < 0.9 else source.randbytes(source.randint(0, 3000))
        dialect = random_dialect(source)
        began = time.process_time()  # of our own: a busy machine is no hang
        try:
            read_through(data, dialect, source)
            whole += 1
        except UserError:
            pass
        except Exception as error:  # noqa: BLE001 - whatever it is, the test has to show what led to it
            pytest.fail(f"{error!r} for {data!r} as {dialect!r}")
        slowest = max(slowest, time.process_time() - began)
        files += 1
        if files == 500:
            before = held_memory(process)
    grown = held_memory(process) - before
    print(f"{files} files, {whole} of them read to the end; slowest {slowest:.2f} s; grown {grown >> 10} KiB")  # noqa: T201
    assert files > 1_000
    assert whole > files / 10
    assert slowest < LONGEST_SECONDS
    assert grown < MOST_GROWTH
