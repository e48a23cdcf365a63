"""The rules of a synchronization, through the real services."""

import gzip
import secrets
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from shared.store.accounts import password_fits
from tests.support.imports import csv_of, set_up_import, sftp_source
from tests.support.sftp_server import SftpServer
from tests.support.stack import Stack

DAILY = {"start": "2099-01-01T06:30:00", "time_zone": "Europe/Berlin", "rrule": "FREQ=DAILY"}


@pytest.fixture
async def client(embedded_stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with embedded_stack.client() as client:
        yield client


def rows(count: int, start: int = 0) -> list[list[str]]:
    return [[str(number), f"Name {number}", ""] for number in range(start, start + count)]


def write(sftp: SftpServer, text: str) -> str:
    name = f"{secrets.token_hex(6)}.csv"
    (sftp.folder / name).write_text(text, encoding="utf-8")
    return name


async def test_the_guard_refuses_at_ten_percent_and_a_refused_file_is_never_hidden(
    client: httpx.AsyncClient, sftp: SftpServer
) -> None:
    name = write(sftp, csv_of(rows(100)))
    importing = await set_up_import(client, sftp_source(sftp, name), options={"delete_missing": True}, schedule=DAILY)
    assert (await importing.run())["status"] == "succeeded"
    before = await importing.contacts()

    (sftp.folder / name).write_text(csv_of([*rows(10), *rows(50, 1000)]), encoding="utf-8")
    for _ in range(2):
        run = await importing.run()
        assert (run["status"], run["error"]["code"]) == ("refused", "guard_ten_percent")
        assert run["counts"]["deleted"] == 90
        assert await importing.contacts() == before

    (sftp.folder / name).write_text(csv_of([*rows(11), *rows(50, 1000)]), encoding="utf-8")
    run = await importing.run()
    assert (run["status"], run["counts"]["deleted"]) == ("succeeded", 89)
    assert len(await importing.contacts()) == 61


async def test_options_off_leave_contacts_untouched(client: httpx.AsyncClient, sftp: SftpServer) -> None:
    name = write(sftp, csv_of(rows(3)))
    importing = await set_up_import(client, sftp_source(sftp, name), options={"update_existing": False})
    await importing.run()
    (sftp.folder / name).write_text(csv_of([["0", "Changed", ""], *rows(1, 7)]), encoding="utf-8")
    run = await importing.run()
    assert run["counts"] | {"read": 2} == run["counts"]
    assert (run["counts"]["added"], run["counts"]["updated"], run["counts"]["deleted"]) == (1, 0, 0)
    contacts = await importing.contacts()
    assert sorted(contacts) == ["0", "1", "2", "7"]
    assert contacts["0"]["Name"] == "Name 0"


async def test_unmapped_fields_stay_and_empty_cells_empty(client: httpx.AsyncClient, sftp: SftpServer) -> None:
    name = write(sftp, csv_of([["1", "One", "x@example.com"], ["2", "Two", ""]]))
    importing = await set_up_import(client, sftp_source(sftp, name))
    await importing.run()
    (sftp.folder / name).write_text(csv_of([["1", "", "x@example.com"], ["2", " Two ", ""]]), encoding="utf-8")
    await importing.change(mapping=[{"column": "No", "field": "No"}, {"column": "Name", "field": "Name"}])
    run = await importing.run()
    assert (run["counts"]["updated"], run["counts"]["unchanged"]) == (1, 1)
    assert (await importing.contacts())["1"] == {"No": "1", "Name": "", "Email": "x@example.com"}


async def test_an_unreadable_id_holds_all_deletes_back(client: httpx.AsyncClient, sftp: SftpServer) -> None:
    name = write(sftp, csv_of(rows(5)))
    importing = await set_up_import(client, sftp_source(sftp, name), options={"delete_missing": True})
    await importing.run()
    (sftp.folder / name).write_bytes(csv_of(rows(2)).encode() + b"\xff9,Broken,\n")
    run = await importing.run()
    assert (run["status"], run["counts"]["deleted"]) == ("succeeded_with_errors", 0)
    codes = {problem["code"] for problem in await importing.problems(run["id"])}
    assert codes == {"undecodable", "deletes_held_back"}
    assert len(await importing.contacts()) == 5


async def test_a_contact_whose_line_is_bad_counts_as_found(client: httpx.AsyncClient, sftp: SftpServer) -> None:
    name = write(sftp, csv_of(rows(3)))
    importing = await set_up_import(client, sftp_source(sftp, name), options={"delete_missing": True})
    await importing.run()
    (sftp.folder / name).write_text(csv_of([*rows(1), ["1", "One", "no address"]]), encoding="utf-8")
    run = await importing.run()
    assert (run["counts"]["deleted"], run["counts"]["rejected"]) == (1, 1)
    assert sorted(await importing.contacts()) == ["0", "1"]


async def test_generated_keys_replace_all(client: httpx.AsyncClient, sftp: SftpServer) -> None:
    name = write(sftp, csv_of(rows(20)))
    importing = await set_up_import(
        client,
        sftp_source(sftp, name),
        options={"delete_missing": True, "every_time": True},
        mapping=[("Name", "Name"), ("E-mail", "Email")],
        unique_id={"field": "No", "generate": True},
    )
    first = await importing.run()
    assert first["counts"]["added"] == 20, first
    codes = set(await importing.contacts())
    assert all(len(code) == 9 and code.isdigit() for code in codes)
    second = await importing.run()
    assert (second["counts"]["added"], second["counts"]["deleted"]) == (20, 20)
    assert not codes & set(await importing.contacts())


async def test_packed_files_are_judged_by_their_content(client: httpx.AsyncClient, sftp: SftpServer) -> None:
    name = write(sftp, csv_of(rows(3)))
    importing = await set_up_import(client, sftp_source(sftp, name))
    plain = await importing.run()
    (sftp.folder / name).write_bytes(gzip.compress(csv_of(rows(3)).encode()))
    assert (await importing.run())["status"] == "unchanged"
    (sftp.folder / name).write_bytes(gzip.compress(csv_of(rows(4)).encode()))
    packed = await importing.run()
    assert (packed["status"], packed["counts"]["added"]) == ("succeeded", 1)
    assert packed["file"]["bytes"] == plain["file"]["bytes"] + len("3,Name 3,\n")


async def test_a_wrong_encoding_can_be_put_right(client: httpx.AsyncClient, sftp: SftpServer) -> None:
    name = write(sftp, "")
    (sftp.folder / name).write_bytes(csv_of([["1", "東京", ""], ["2", "大阪", ""]]).encode("shift_jis"))
    importing = await set_up_import(client, sftp_source(sftp, name), options={"encoding": "gb18030"})
    await importing.run()
    await importing.change(options={"encoding": "shift_jis"})
    assert (await importing.run())["status"] == "succeeded"
    names = {unique_id: contact["Name"] for unique_id, contact in (await importing.contacts()).items()}
    assert names == {"1": "東京", "2": "大阪"}


async def test_passwords_are_kept_as_hashes_and_only_changed_ones_are_hashed_anew(
    client: httpx.AsyncClient, sftp: SftpServer, embedded_stack: Stack
) -> None:
    header = ["No", "Name", "Password"]
    name = write(sftp, csv_of([["1", "One", "first secret"], ["2", "Two", "other secret"], ["3", "", ""]], header))
    importing = await set_up_import(
        client,
        sftp_source(sftp, name),
        fields=[("No", "text"), ("Name", "text"), ("Secret", "password")],
        mapping=[("No", "No"), ("Name", "Name"), ("Password", "Secret")],
    )
    assert (await importing.run())["counts"]["added"] == 3
    before = await _hashes(embedded_stack, importing.manager_id)
    assert set(before) == {"1", "2"}
    assert password_fits(before["1"], "first secret")

    (sftp.folder / name).write_text(
        csv_of([["1", "Uno", "first secret"], ["2", "Two", "new secret"], ["3", "", " "]], header), encoding="utf-8"
    )
    run = await importing.run()
    assert (run["counts"]["updated"], run["counts"]["unchanged"]) == (2, 1)
    after = await _hashes(embedded_stack, importing.manager_id)
    assert after["1"] == before["1"]
    assert password_fits(after["2"], "new secret")
    connection = await asyncpg.connect(embedded_stack.database)
    left = await connection.fetch(
        """SELECT DISTINCT r.id, r.status FROM plan_passwords p JOIN runs r ON r.id = p.run_id
        WHERE p.sealed IS NOT NULL AND r.finished_at IS NOT NULL AND r.status NOT IN ('planned', 'refused')"""
    )
    await connection.close()
    assert not left


async def test_staging_is_cleared_however_a_run_ends(
    client: httpx.AsyncClient, sftp: SftpServer, embedded_stack: Stack
) -> None:
    name = write(sftp, csv_of(rows(100)))
    importing = await set_up_import(client, sftp_source(sftp, name), options={"delete_missing": True}, schedule=DAILY)
    ended = [(await importing.run())["status"]]
    (sftp.folder / name).write_text(csv_of(rows(5)), encoding="utf-8")
    ended.append((await importing.run())["status"])
    (sftp.folder / name).write_text(csv_of(rows(50)).replace("E-mail", "Mail"), encoding="utf-8")
    ended.append((await importing.run())["status"])
    assert ended == ["succeeded", "refused", "failed"]
    connection = await asyncpg.connect(embedded_stack.database)
    left = await connection.fetch(
        """SELECT r.id, r.status FROM staging_sets s JOIN runs r ON r.id = s.run_id WHERE r.finished_at IS NOT NULL
        UNION ALL
        SELECT NULL, 'bytes of no set' FROM staged_bytes b WHERE NOT EXISTS (
            SELECT FROM staging_sets s WHERE s.id = b.set_id)"""
    )
    await connection.close()
    assert not left


async def test_an_empty_manager_takes_another_key_field(client: httpx.AsyncClient, sftp: SftpServer) -> None:
    name = write(sftp, csv_of(rows(2)))
    importing = await set_up_import(client, sftp_source(sftp, name))
    await importing.run()
    for unique_id in await importing.contacts():
        answer = await client.delete(f"/managers/{importing.manager_id}/contacts/{unique_id}")
        assert answer.status_code == 204
    await importing.change(unique_id={"field": "Name"})
    assert (await importing.run())["status"] == "succeeded"
    assert sorted(await importing.contacts()) == ["Name 0", "Name 1"]


async def test_another_key_field_is_refused_while_contacts_exist(client: httpx.AsyncClient, sftp: SftpServer) -> None:
    importing = await set_up_import(client, sftp_source(sftp, write(sftp, csv_of(rows(2)))))
    await importing.run()
    answer = await client.patch(f"/imports/{importing.import_id}", json={"unique_id": {"field": "Name"}})
    assert answer.status_code == 422
    assert answer.json()["code"] == "key_field_differs"


async def test_a_dry_run_changes_nothing(client: httpx.AsyncClient, sftp: SftpServer) -> None:
    importing = await set_up_import(client, sftp_source(sftp, write(sftp, csv_of(rows(4)))))
    answer = await client.post(f"/imports/{importing.import_id}/runs", json={"dry_run": True})
    run = await importing.finished(answer.json()["id"])
    assert (run["status"], run["counts"]["added"]) == ("planned", 4)
    assert await importing.contacts() == {}
    plan = (await client.get(f"/runs/{run['id']}/plan", params={"kind": "added"})).json()["items"]
    assert [change["unique_id"] for change in plan] == ["0", "1", "2", "3"]


async def test_every_applied_run_keeps_its_balance(client: httpx.AsyncClient, sftp: SftpServer) -> None:
    importing = await set_up_import(client, sftp_source(sftp, write(sftp, csv_of([*rows(4), *rows(1)]))))
    run = await importing.run()
    balance = run["balance"]
    assert (balance["contacts_before"], balance["contacts_after"]) == (0, 4)
    assert balance["chunk_bytes"] == balance["text_bytes"] > 0


async def _hashes(stack: Stack, manager_id: str) -> dict[str, str]:
    connection = await asyncpg.connect(stack.database)
    try:
        found = await connection.fetch(
            "SELECT unique_id, hash FROM contact_passwords WHERE manager_id = $1", manager_id
        )
    finally:
        await connection.close()
    return {row["unique_id"]: row["hash"] for row in found}


async def test_a_refused_value_keeps_the_stored_one_where_the_import_says_so(
    client: httpx.AsyncClient, sftp: SftpServer
) -> None:
    name = write(sftp, csv_of([["1", "One", "one@example.com"], ["2", "Two", "two@example.com"]]))
    importing = await set_up_import(client, sftp_source(sftp, name), options={"refused_values": "keep"})
    await importing.run()
    (sftp.folder / name).write_text(csv_of([["1", "Eins", "no address"], ["2", "Zwei", ""]]), encoding="utf-8")
    run = await importing.run()
    assert (run["status"], run["counts"]["updated"], run["counts"]["rejected"]) == ("succeeded_with_errors", 2, 0)
    assert await importing.contacts() == {
        "1": {"No": "1", "Name": "Eins", "Email": "one@example.com"},
        "2": {"No": "2", "Name": "Zwei", "Email": ""},
    }
    (problem,) = await importing.problems(run["id"])
    assert (problem["line"], problem["severity"], problem["code"]) == (2, "warning", "email_invalid")
    assert problem["message"].endswith("The stored value was kept.")


async def test_a_column_that_is_gone_fails_the_run_or_keeps_what_is_stored(
    client: httpx.AsyncClient, sftp: SftpServer
) -> None:
    name = write(sftp, csv_of([["1", "One", "one@example.com"]]))
    importing = await set_up_import(client, sftp_source(sftp, name))
    await importing.run()
    renamed = csv_of([["one@example.com", "Eins", "1"]], ["Mail address", "Name", "No"])
    (sftp.folder / name).write_text(renamed, encoding="utf-8")
    run = await importing.run()
    assert (run["status"], run["error"]["code"]) == ("failed", "column_missing")

    await importing.change(options={"missing_columns": "keep"})
    run = await importing.run()
    assert (run["status"], run["counts"]["updated"]) == ("succeeded_with_errors", 1)
    assert await importing.contacts() == {"1": {"No": "1", "Name": "Eins", "Email": "one@example.com"}}
    (problem,) = await importing.problems(run["id"])
    assert (problem["line"], problem["code"], problem["column"]) == (None, "column_kept", "E-mail")

    (sftp.folder / name).write_text(csv_of([["Eins"]], ["Name"]), encoding="utf-8")
    assert (await importing.run())["error"]["code"] == "column_missing"


async def test_a_column_too_many_is_noticed_without_a_header(client: httpx.AsyncClient, sftp: SftpServer) -> None:
    name = write(sftp, "1,One\n2,Two\n")
    options = {"has_header": False, "expected_columns": 2}
    importing = await set_up_import(
        client, sftp_source(sftp, name), options=options, mapping=[("1", "No"), ("2", "Name")]
    )
    assert (await importing.run())["counts"]["added"] == 2
    (sftp.folder / name).write_text("1,Mr,One\n2,Mrs,Two\n", encoding="utf-8")
    run = await importing.run()
    assert (run["status"], run["error"]["code"]) == ("failed", "columns_changed")
    assert [contact["Name"] for contact in (await importing.contacts()).values()] == ["One", "Two"]


async def test_more_row_errors_than_allowed_change_nothing(client: httpx.AsyncClient, sftp: SftpServer) -> None:
    bad = [["7", "Seven", "no address"], ["8", "Eight", "none"]]
    name = write(sftp, csv_of([*rows(4), *bad]))
    importing = await set_up_import(client, sftp_source(sftp, name), options={"max_row_errors": 1})
    run = await importing.run()
    assert (run["status"], run["error"]["code"]) == ("failed", "too_many_row_errors")
    assert await importing.contacts() == {}
    assert len(await importing.problems(run["id"])) == 2
    await importing.change(options={"max_row_errors": 2, "max_row_error_percent": 1})  # a share holds from 100 rows up
    assert (await importing.run())["status"] == "succeeded_with_errors"


async def test_lines_to_skip_comments_quotes_case_and_constants(client: httpx.AsyncClient, sftp: SftpServer) -> None:
    text = "Report, 'of today\n\n# a comment, 'too\nNo;Name;E-mail\n1;'O;ne\nx';ONE@EXAMPLE.COM\n#2;Two;\n3;ann;x\n"
    importing = await set_up_import(
        client,
        sftp_source(sftp, write(sftp, text)),
        fields=[("No", "text"), ("Name", "text"), ("Email", "email"), ("Town", "text")],
        options={"delimiter": ";", "quote": "'", "skip_lines": 1, "comment": "#"},
    )
    lines = [
        {"column": "No", "field": "No"},
        {"column": "Name", "field": "Name", "case": "upper"},
        {"column": "E-mail", "field": "Email", "case": "lower"},
        {"field": "Town", "constant": "Ulm"},
    ]
    await importing.change(mapping=lines)
    run = await importing.run()
    assert (run["status"], run["counts"]["read"], run["counts"]["added"]) == ("succeeded_with_errors", 2, 1)
    (problem,) = await importing.problems(run["id"])
    assert (problem["line"], problem["code"]) == (8, "email_invalid")
    assert await importing.contacts() == {
        "1": {"No": "1", "Name": "O;NE\nX", "Email": "one@example.com", "Town": "Ulm"}
    }
