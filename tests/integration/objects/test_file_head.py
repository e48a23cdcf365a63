"""The head of a stored file is found wherever its first row ends."""

import secrets
from pathlib import Path

import pytest

from shared.errors import UserError
from shared.objects.file_head import read_file_head
from shared.objects.store import SealedObjects
from shared.rules.dialect import Dialect
from shared.rules.header import Head
from shared.sealing import Sealer
from shared.settings import ObjectSettings

LARGE = 2_500_000


async def head_of(folder: Path, data: bytes, dialect: Dialect) -> Head:
    objects = SealedObjects.from_settings(ObjectSettings(url=f"file://{folder}"), Sealer([secrets.token_bytes(32)]))
    async with objects.write("text/x") as writer:
        await writer.write(data)
    head, first = await read_file_head(await objects.reader("text/x"), dialect, encoding="utf-8")
    assert data.startswith(first)
    return head


@pytest.mark.parametrize("rest", [b"", b"2,b,c\n" * 1_000_000])
async def test_a_first_row_of_megabytes_gives_the_width(tmp_path: Path, rest: bytes) -> None:
    head = await head_of(tmp_path, b"1," + b"x" * LARGE + b",c\n" + rest, Dialect(has_header=False))
    assert head.width == 3


async def test_a_header_behind_megabytes_of_comments_is_found(tmp_path: Path) -> None:
    data = b"# a comment\n" * (LARGE // 12) + b"No,Name\n1,Ann\n"
    assert (await head_of(tmp_path, data, Dialect(comment="#"))).names == ["No", "Name"]


async def test_a_file_of_blank_lines_has_no_rows(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        await head_of(tmp_path, b"\n" * LARGE, Dialect())
    assert caught.value.code == "file_has_no_rows"
