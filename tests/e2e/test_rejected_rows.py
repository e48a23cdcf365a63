"""Rejected rows come back as a file, are mended, and are imported again by the same import."""

import json
import re
import secrets
from typing import Any

import httpx
import pytest

from tests.support.imports import Importing, set_up_import, sftp_source
from tests.support.sftp_server import SftpServer
from tests.support.stack import Stack

FIELDS = [("No", "text"), ("Name", "text"), ("Email", "email"), ("Password", "password")]
MAPPING = [("No", "No"), ("Name", "Name"), ("E-mail", "Email"), ("Secret", "Password")]
HEADER = 'No,Name,"E-mail",Secret,Other'


async def imported(client: httpx.AsyncClient, sftp: SftpServer, data: bytes, **options: Any) -> tuple[Importing, str]:
    name = f"{secrets.token_hex(6)}.csv"
    (sftp.folder / name).write_bytes(data)
    importing = await set_up_import(client, sftp_source(sftp, name), fields=FIELDS, mapping=MAPPING, options=options)
    run = await importing.run()
    assert run["status"] == "succeeded_with_errors", run
    return importing, run["id"]


async def sign_in(browser: httpx.AsyncClient, stack: Stack) -> None:
    form = (await browser.get("/login")).text
    token = re.findall(r'name="csrf" value="([^"]+)"', form)
    body = {"login": str(stack.ready["login"]), "password": str(stack.ready["password"])}
    answer = await browser.post("/login", data=body | {"csrf": token[0] if token else ""})
    assert answer.status_code == 303, answer.text


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16", "shift_jis"])
async def test_rejected_rows_are_mended_and_imported_again(
    embedded_stack: Stack, sftp: SftpServer, encoding: str
) -> None:
    name = "表" if encoding == "shift_jis" else "Zoë"
    text = (
        f'{HEADER}\r\n1,{name},a@example.com,pw-one,x\r\n2,"{name}\r\n, ""II""",nobody,pw-two,=1+1\r\n\r\n3,Short\r\n'
    )
    async with embedded_stack.client() as client:
        chosen = None if encoding in {"utf-8", "utf-16"} else encoding
        importing, run_id = await imported(client, sftp, text.encode(encoding), encoding=chosen)
        answer = await client.get(f"/runs/{run_id}/rejected.csv")
        assert answer.status_code == 200
        assert "pw-two" not in answer.content.decode(encoding)
        lines = answer.content.decode(encoding)
        assert lines.startswith(f'{HEADER},Line,"Reason"\r\n2,"{name}\r\n, ""II""",nobody,,=1+1,3,"')
        assert ',,6,"The row has fewer cells' in lines
        assert lines.endswith('"\r\n')
        raw = {problem["line"]: problem["raw"] for problem in await importing.problems(run_id)}
        async with httpx.AsyncClient(base_url=embedded_stack.url) as browser:
            assert (await browser.get(f"/runs/{run_id}/rejected.csv")).status_code == 303
            await sign_in(browser, embedded_stack)
            page = (await browser.get(f"/runs/{run_id}")).text
            links = re.findall(r'href="(/runs/[^"]+/rejected\.csv[^"]*)"', page)
            first, second = [await browser.get(link) for link in links]
        assert first.content == answer.content
        assert '"\'=1+1"' in second.content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
        assert raw == {3: f'2,"{name}\r\n, ""II""",nobody,••••,=1+1', 6: "••••,••••"}
        spreadsheet = (await client.get(f"/runs/{run_id}/rejected.csv", params={"for": "spreadsheet"})).content
        assert '"\'=1+1"' in spreadsheet.decode("utf-8-sig" if encoding == "utf-8" else encoding)

        mended = answer.content.decode(encoding).replace("nobody", "two@example.com")
        upload = await client.post("/uploads", params={"name": "mended.csv"}, content=mended.encode(encoding))
        await importing.change(source={"kind": "upload", "upload_id": upload.json()["upload_id"]})
        run = await importing.run()
        counts = run["counts"]
        assert (counts["read"], counts["added"], counts["rejected"]) == (2, 1, 1), run
        assert (await importing.contacts())["2"]["Name"] == f'{name}\r\n, "II"'


async def test_rejected_rows_of_a_file_without_a_header_are_mended_too(embedded_stack: Stack, sftp: SftpServer) -> None:
    name = f"{secrets.token_hex(6)}.csv"
    (sftp.folder / name).write_text("1,Ann,a@example.com\n2,Bob,nobody\n3,Cid,none\n", encoding="utf-8")
    async with embedded_stack.client() as client:
        importing = await set_up_import(
            client,
            sftp_source(sftp, name),
            fields=FIELDS[:3],
            mapping=[("1", "No"), ("2", "Name"), ("3", "Email")],
            options={"has_header": False, "expected_columns": 3},
        )
        run = await importing.run()
        assert (run["counts"]["added"], run["counts"]["rejected"]) == (1, 2)
        for bad, good in (("nobody", "b@example.com"), ("none", "c@example.com")):
            rejected = (await client.get(f"/runs/{run['id']}/rejected.csv")).text
            assert f",{bad},Line " in rejected
            upload = await client.post(
                "/uploads", params={"name": "m.csv"}, content=rejected.replace(bad, good).encode()
            )
            await importing.change(source={"kind": "upload", "upload_id": upload.json()["upload_id"]})
            run = await importing.run()
            assert run["counts"]["added"] == 1
        assert run["status"] == "succeeded"
        assert sorted(await importing.contacts()) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("encoding", "broken", "said"),
    [("utf-8", b"\xff\xed\xb2\x81", "\\xff\\xed\\xb2\\x81"), ("shift_jis", b"\x81 \xfd", "\\x81 \\xfd")],
)
async def test_undecodable_bytes_come_back_as_they_were(
    embedded_stack: Stack, sftp: SftpServer, encoding: str, broken: bytes, said: str
) -> None:
    data = b"No,Name,E-mail,Secret\n1,%b,,\n2,ok,,\n" % broken
    async with embedded_stack.client() as client:
        importing, run_id = await imported(client, sftp, data, encoding=encoding)
        answer = await client.get(f"/runs/{run_id}/rejected.csv")
        assert b"\n1,%b,,," % broken in answer.content
        (problem,) = await importing.problems(run_id)
        assert problem["raw"] == f"1,{said},,••••"


async def test_passwords_that_nobody_maps_are_shown_nowhere(embedded_stack: Stack, sftp: SftpServer) -> None:
    """By their column's name, or since another import of the manager maps it to a password; not what is text here."""
    data = b"Password,No,Name,E-mail,Geheim,PIN\n"
    data += b"pw-one,1,Ann,a@example.com,pw-two,10115\npw-three,2,Bob,nobody,pw-four,10117\n"
    data += b"pw,five,3,Carl,c@example.com,pw-six,1\n"
    async with embedded_stack.client() as client:
        name = f"{secrets.token_hex(6)}.csv"
        (sftp.folder / name).write_bytes(data)
        mapping = [("No", "No"), ("Name", "Name"), ("E-mail", "Email"), ("PIN", "Postcode")]
        importing = await set_up_import(
            client, sftp_source(sftp, name), fields=[*FIELDS, ("Postcode", "text")], mapping=mapping
        )
        lines = [{"column": "No", "field": "No"}, {"column": "Geheim", "field": "Password"}]
        other = {"manager_id": importing.manager_id, "source": sftp_source(sftp, name), "unique_id": {"field": "No"}}
        assert (await client.post("/imports", json=other | {"name": "other", "mapping": lines})).status_code == 201
        run = await importing.run()
        answer = await client.get(f"/runs/{run['id']}/rejected.csv")
        problems = (await client.get(f"/runs/{run['id']}/problems")).json()
    assert not re.search("pw-|five", answer.text + json.dumps(problems))
    assert ",2,Bob,nobody,,10117,3," in answer.text
    assert {problem["line"]: problem["unique_id"] for problem in problems["items"]} == {3: "2", 4: None}


async def test_problems_without_a_file_have_no_rows(embedded_stack: Stack, sftp: SftpServer) -> None:
    data = b"No,Name,E-mail,Secret\n1,a,nobody,\n"
    async with embedded_stack.client() as client:
        importing, run_id = await imported(client, sftp, data)
        (problem,) = await importing.problems(run_id)
        assert problem["raw"] == "1,a,nobody,••••"
        (stored,) = embedded_stack.data.rglob(
            f"text/{(await client.get(f'/runs/{run_id}')).json()['file']['sha256']}-*"
        )
        stored.unlink()
        (problem,) = await importing.problems(run_id)
        assert (problem["line"], problem["raw"]) == (2, None)
        answer = await client.get(f"/runs/{run_id}/rejected.csv")
        assert (answer.status_code, answer.json()["code"]) == (410, "file_gone")


async def test_a_run_without_a_file_has_none(embedded_stack: Stack, sftp: SftpServer) -> None:
    async with embedded_stack.client() as client:
        importing = await set_up_import(client, sftp_source(sftp, "missing.csv"))
        run = await importing.run()
        answer = await client.get(f"/runs/{run['id']}/rejected.csv")
        assert (answer.status_code, answer.json()["code"]) == (410, "file_gone")
