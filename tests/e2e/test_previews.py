"""Previews from outside: the beginning of real files on real servers, read and mapped before anything is saved."""

import asyncio
import gzip
import io
import zipfile
from typing import Any

import httpx
import pytest

from tests.support.hostile_http import HostileHttpServer, Request, send_head
from tests.support.imports import csv_of, set_up_import, sftp_source
from tests.support.sftp_server import SftpServer
from tests.support.stack import Stack

Json = dict[str, Any]
pytestmark = pytest.mark.asyncio(loop_scope="session")

HIDDEN = "\u2022" * 4


async def preview(client: httpx.AsyncClient, source: Json, **others: object) -> Json:
    answer = await client.post("/previews", json={"source": source} | others)
    assert answer.status_code == 200, answer.text
    shown: Json = answer.json()
    return shown


async def refused(client: httpx.AsyncClient, source: Json, **others: object) -> tuple[int, str]:
    answer = await client.post("/previews", json={"source": source} | others)
    return answer.status_code, answer.json()["code"]


async def uploaded(client: httpx.AsyncClient, content: bytes, name: str = "people.csv") -> Json:
    answer = await client.post("/uploads", params={"name": name}, content=content)
    return {"kind": "upload", "upload_id": answer.json()["upload_id"]}


async def test_a_file_on_a_server_is_shown_as_a_run_would_read_it(embedded_stack: Stack, sftp: SftpServer) -> None:
    text = "Liste vom 1. Mai;;\r\nNr;Name;Geburtstag\r\n007;Müller, Änne;01.02.1990\r\n008;Groß;31.12.2001\r\n"
    (sftp.folder / "german.csv").write_bytes(text.encode("cp1252"))
    async with embedded_stack.client() as client:
        shown = await preview(client, sftp_source(sftp, "german.csv"))
        again = await preview(client, sftp_source(sftp, "german.csv"), options={"encoding": "mac-roman", "trim": True})
    detected = shown["detected"]
    assert (detected["delimiter"], detected["has_header"], detected["skip_lines"]) == (";", True, 1)
    assert detected["encoding"] == "cp1252"
    assert "encoding" in detected["confirm"]
    assert "encoding_unconfirmed" in {problem["code"] for problem in shown["problems"]}
    assert "Müller," in detected["encodings"][0]["words"]
    assert shown["columns"] == ["Nr", "Name", "Geburtstag"]
    assert shown["rows"] == [["007", "Müller, Änne", "01.02.1990"], ["008", "Groß", "31.12.2001"]]
    assert shown["column_details"][2]["date_formats"] == ["%d.%m.%Y"]
    assert shown["file"]["host_key"] == sftp.host_key_fingerprint
    assert again["detected"]["encoding"] == "mac-roman"
    assert again["detected"]["confirm"] == ["skip_lines"]
    assert again["rows"][1][1] != "Groß"


async def test_choices_count_more_than_what_is_detected(embedded_stack: Stack) -> None:
    async with embedded_stack.client() as client:
        source = await uploaded(client, b"No;Name\n1;Ann\n2;Bob\n")
        options = {"delimiter": ",", "has_header": False, "delete_missing": True, "error_emails": ["a@b.example"]}
        shown = await preview(client, source, options=options)
        assert shown["rows"] == [["No;Name"], ["1;Ann"], ["2;Bob"]]
        assert shown["columns"] == ["1"]
        assert await refused(client, source, options={"delimiter": "\n"}) == (422, "delimiter_invalid")
        assert (await refused(client, source, options={"nonsense": 1}))[0] == 422


async def test_a_mapping_is_proposed_from_what_is_stored(embedded_stack: Stack) -> None:
    people = [[f"K{number:05}", f"Name {number}", f"p{number}@example.com"] for number in range(40)]
    async with embedded_stack.client() as client:
        importing = await set_up_import(client, await uploaded(client, csv_of(people).encode()))
        await importing.run()
        header = ["Ref", "Wer", "Kontakt", "Mail Stop"]
        rows = [[code, name, mail, str(place % 3)] for place, (code, name, mail) in enumerate(people)]
        source = await uploaded(client, csv_of(rows, header).encode())
        shown = await preview(client, source, manager_id=importing.manager_id)
        proposed = {line["column"]: line for line in shown["proposed_mapping"]}
        assert {column: line["field"] for column, line in proposed.items()} == {
            "Ref": "No",
            "Wer": "Name",
            "Kontakt": "Email",
        }
        assert "Equals “Email” for 100 % of the 40 contacts that were found." in proposed["Kontakt"]["evidence"]
        unique_id = shown["proposed_unique_id"]
        assert (unique_id["field"], unique_id["column"]) == ("No", "Ref")
        assert "100 % of the values are unique ids of contacts." in unique_id["evidence"]
        assert shown["unmapped_columns"] == ["Mail Stop"]

        await importing.change(mapping=[{"column": "Mail Stop", "field": "No"}, {"column": "Wer", "field": "Name"}])
        remembered = await preview(client, source, manager_id=importing.manager_id)
        by_column = {line["column"]: line for line in remembered["proposed_mapping"]}
        assert by_column["Mail Stop"]["field"] == "No"
        assert by_column["Mail Stop"]["evidence"] == ["The import “HR file” maps it so."]
        alone = await preview(client, source)
        assert {line["column"]: line["kind"] for line in alone["proposed_mapping"]}["Kontakt"] == "email"


async def test_passwords_stand_in_no_preview(embedded_stack: Stack) -> None:
    secret = "s3cret-canary"
    fields = [("No", "text"), ("Name", "text"), ("Login", "password")]
    async with embedded_stack.client() as client:
        source = await uploaded(client, f"No,Name,Kennwort,Zugang\n1,Ann,{secret},{secret}\n2,Bob\n".encode())
        importing = await set_up_import(
            client, source, fields=fields, mapping=[("No", "No"), ("Name", "Name")], unique_id={"field": "No"}
        )
        mapping = [{"column": "Zugang", "field": "Login"}]
        answer = await client.post(
            "/previews", json={"source": source, "manager_id": importing.manager_id, "mapping": mapping}
        )
        assert secret not in answer.text
        assert answer.json()["rows"][0] == ["1", "Ann", HIDDEN, HIDDEN]
        headless = await client.post(
            "/previews",
            json={
                "source": source,
                "manager_id": importing.manager_id,
                "options": {"has_header": False, "delimiter": ";"},
            },
        )
        assert secret not in headless.text


@pytest.mark.parametrize("packed", ["gzip", "zip"])
async def test_packed_files_are_unpacked(embedded_stack: Stack, packed: str) -> None:
    text = csv_of([["1", "Ann", "a@example.com"]]).encode()
    if packed == "gzip":
        content = gzip.compress(text)
    else:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("people.csv", text)
        content = buffer.getvalue()
    async with embedded_stack.client() as client:
        shown = await preview(client, await uploaded(client, content))
    assert shown["rows"] == [["1", "Ann", "a@example.com"]]


async def test_faults_have_the_codes_of_runs(embedded_stack: Stack, sftp: SftpServer) -> None:
    (sftp.folder / "empty.csv").write_bytes(b"")
    (sftp.folder / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
    (sftp.folder / "blank.csv").write_bytes(b"\n , \n\n")
    (sftp.folder / "cut.gz").write_bytes(gzip.compress(b"No,Name\n" * 5000)[:-20])
    async with embedded_stack.client() as client:
        for name, code in (
            ("nobody.csv", "file_not_found"),
            ("nobody-*.csv", "no_file_matches"),
            ("empty.csv", "file_empty"),
            ("picture.csv", "file_not_text"),
            ("blank.csv", "file_has_no_rows"),
            ("cut.gz", "archive_truncated"),
        ):
            assert await refused(client, sftp_source(sftp, name)) == (422, code), name
        wrong_key = {"host_key": "SHA256:" + "A" * 43}
        assert (await refused(client, sftp_source(sftp, "empty.csv", **wrong_key)))[1] == "host_key_changed"
        blocked = {"kind": "remote", "url": "http://10.1.2.3/people.csv"}
        assert await refused(client, blocked) == (422, "address_blocked")
        assert (await refused(client, {"kind": "remote", "url": "sftp://"}))[0] == 422
        backslash = await client.post("/previews", json={"source": {"kind": "remote", "url": "http://a\\b"}})
        assert backslash.json()["field"] == "source.url"
        nobody = {"kind": "upload", "upload_id": "019cae3e-3a5d-7c1e-9f30-6d7a0c5b1e32"}
        assert (await refused(client, nobody))[1] == "upload_not_found"


async def test_secrets_of_the_import_that_is_edited_count(embedded_stack: Stack, sftp: SftpServer) -> None:
    (sftp.folder / "edited.csv").write_text("No,Name,E-mail\n1,Ann,\n", encoding="utf-8")
    async with embedded_stack.client() as client:
        importing = await set_up_import(client, sftp_source(sftp, "edited.csv"))
        bare = {"kind": "remote", "url": sftp.url("edited.csv"), "login": sftp.login}
        assert (await refused(client, bare))[1] == "password_missing"
        shown = await preview(client, bare, import_id=importing.import_id)
    assert shown["rows"] == [["1", "Ann", ""]]
    assert {line["column"]: line["field"] for line in shown["proposed_mapping"]} == {
        "No": "No",
        "Name": "Name",
        "E-mail": "Email",
    }


async def test_of_a_large_file_only_the_beginning_is_fetched(embedded_stack: Stack) -> None:
    line = b"1,Ann,ann@example.com\n"
    whole = 256 << 20
    sent = 0

    async def endless(_request: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await send_head(writer, 200, Content_Length=whole)
        block = b"No,Name,E-mail\n" + line * 20_000
        while sent < whole:
            writer.write(block)
            await writer.drain()
            sent += len(block)

    async with HostileHttpServer(endless) as server, embedded_stack.client() as client:
        shown = await preview(client, {"kind": "remote", "url": server.url()})
    assert not shown["is_whole"]
    assert shown["file"]["bytes"] == whole
    assert shown["rows_seen"] * len(line) <= 1 << 20
    assert [problem for problem in shown["problems"] if problem["severity"] == "error"] == []
    assert sent < whole / 8


async def test_who_waits_too_long_is_told(embedded_stack: Stack) -> None:
    async def silent(_request: Request, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with HostileHttpServer(silent) as server, embedded_stack.client() as client:
        assert await refused(client, {"kind": "remote", "url": server.url()}) == (504, "preview_timeout")


async def test_samples_are_gone_once_they_are_answered(embedded_stack: Stack) -> None:
    async with embedded_stack.client() as client:
        await preview(client, await uploaded(client, b"No,Name\n1,Ann\n"))
    samples = [path for path in embedded_stack.data.rglob("samples/*") if path.is_file()]
    assert samples == []
