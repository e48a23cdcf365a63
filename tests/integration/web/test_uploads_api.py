"""Uploads: the bytes that come are the bytes that are kept, sealed."""

import hashlib
import os
from collections.abc import AsyncIterator

from tests.integration.web.conftest import CANARY, Web, problem


async def stored(web: Web, upload_id: str) -> bytes:
    key = await web.db.fetchval("SELECT object_key FROM uploads WHERE id = $1", upload_id)
    return b"".join([block async for block in web.app.state.resources.objects.stream(key)])


async def test_a_raw_body_is_stored_as_it_came(web: Web) -> None:
    content = os.urandom(2_500_000)

    async def blocks() -> AsyncIterator[bytes]:
        for at in range(0, len(content), 70_001):
            yield content[at : at + 70_001]

    answer = await web.api.post("/uploads", params={"name": "C:\\dir/people.csv"}, content=blocks())
    assert answer.status_code == 201
    upload = answer.json()
    assert upload["bytes"] == len(content)
    assert upload["sha256"] == hashlib.sha256(content).hexdigest()
    assert await stored(web, upload["upload_id"]) == content
    assert await web.db.fetchval("SELECT name FROM uploads") == "people.csv"


async def test_a_multipart_file_is_stored_without_its_wrapping(web: Web) -> None:
    content = b"a,b\r\n--not a boundary\r\n" * 20_000
    answer = await web.api.post("/uploads", files={"note": b"x", "file": ("päople.csv", content)})
    assert answer.status_code == 201
    assert await stored(web, answer.json()["upload_id"]) == content
    assert await web.db.fetchval("SELECT name FROM uploads") == "päople.csv"


async def test_nothing_in_the_object_store_is_in_clear(web: Web) -> None:
    await web.api.post("/uploads", content=f"name,password\nann,{CANARY}\n".encode())
    files = [path for path in web.objects.rglob("*") if path.is_file()]
    assert files
    assert all(CANARY.encode() not in path.read_bytes() for path in files)


async def test_bad_uploads_leave_nothing(web: Web) -> None:
    large = await web.api.post("/uploads", content=bytes(3_100_000))
    assert problem(large) == (413, "file_too_large", "file")
    larger = await web.api.post("/uploads", content=bytes(9_000_000))
    assert problem(larger) == (413, "request_too_large", None)
    missing = await web.api.post("/uploads", files={"other": b"x"})
    assert problem(missing) == (422, "file_missing", "file")
    headers = {"content-type": "multipart/form-data"}
    assert problem(await web.api.post("/uploads", content=b"x", headers=headers)) == (422, "multipart_invalid", None)
    headers = {"content-type": "multipart/form-data; boundary=b"}
    assert problem(await web.api.post("/uploads", content=b"x", headers=headers)) == (422, "multipart_invalid", None)
    cut = b'--b\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\nabc'
    assert problem(await web.api.post("/uploads", content=cut, headers=headers)) == (422, "multipart_invalid", None)
    assert await web.db.fetchval("SELECT count(*) FROM uploads") == 0
    assert [path for path in web.objects.rglob("*") if path.is_file()] == []


async def test_a_repeated_upload_is_kept_once(web: Web) -> None:
    headers = {"idempotency-key": "u-1"}
    first = await web.api.post("/uploads", content=b"abc", headers=headers)
    second = await web.api.post("/uploads", content=b"abc", headers=headers)
    assert second.json() == first.json()
    other = await web.api.post("/uploads", content=b"abd", headers=headers)
    assert problem(other) == (422, "idempotency_key_reused", "Idempotency-Key")
    assert len([path for path in web.objects.rglob("*") if path.is_file()]) == 1
