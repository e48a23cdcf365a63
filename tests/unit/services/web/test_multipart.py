"""Multipart bodies, however they are cut into blocks on their way."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.web.forms.multipart import MultipartReader
from shared.errors import UserError

BOUNDARY = "b0undary"


async def read(body: bytes, cuts: list[int]) -> list[tuple[str, str | None, bytes]]:
    async def blocks() -> AsyncIterator[bytes]:
        places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
        for begin, end in pairwise(places):
            yield body[begin:end]

    parts: list[tuple[str, str | None, bytes]] = []
    async for piece in MultipartReader(f'multipart/form-data; boundary="{BOUNDARY}"').parts(blocks()):
        if not piece.data:
            parts.append((piece.name, piece.file_name, b""))
        else:
            name, file_name, data = parts[-1]
            assert (name, file_name) == (piece.name, piece.file_name)
            parts[-1] = (name, file_name, data + piece.data)
    return parts


def written(parts: list[tuple[str, str | None, bytes]]) -> bytes:
    body = b""
    for name, file_name, data in parts:
        file_part = "" if file_name is None else f'; filename="{file_name}"'
        body += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file_part}\r\n\r\n'.encode()
        body += data + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


PARTS = st.lists(
    st.tuples(
        st.sampled_from(["csrf", "file", "naïve"]),
        st.sampled_from([None, "people.csv", "ä.csv"]),
        st.binary(max_size=60) | st.sampled_from([b"\r\n--b0undar", b"\r\n--", b"\r\n\r\n"]),
    ),
    min_size=1,
    max_size=4,
)


@given(PARTS, st.lists(st.integers(0, 10_000), max_size=8))
def test_parts_come_whole_wherever_the_body_is_cut(parts: list[tuple[str, str | None, bytes]], cuts: list[int]) -> None:
    assert asyncio.run(read(written(parts), cuts)) == parts


@given(st.integers(0, 90))
def test_a_body_that_breaks_off_is_refused(length: int) -> None:
    whole = written([("file", "x.csv", b"0123456789")])
    with pytest.raises(UserError) as caught:
        asyncio.run(read(whole[: min(length, len(whole) - 5)], []))
    assert caught.value.code == "multipart_invalid"
