"""The main job, end to end, on both brokers: a file on a real SFTP server becomes contacts in Postgres."""

from tests.support.imports import csv_of, set_up_import, sftp_source
from tests.support.mails import mail_about
from tests.support.sftp_server import SftpServer
from tests.support.stack import Stack

ROWS = [[f"{number:05}", f"Name {number}", f"p{number}@example.com"] for number in range(1000)]


async def test_a_file_becomes_contacts_and_the_next_days_file_changes_them(stack: Stack, sftp: SftpServer) -> None:
    file = sftp.folder / "people.csv"
    file.write_text(csv_of(ROWS), encoding="utf-8")
    async with stack.client() as client:
        importing = await set_up_import(client, sftp_source(sftp, "people.csv"), options={"delete_missing": True})
        first = await importing.run()
        assert first["status"] == "succeeded", first
        assert first["counts"] == _counts(read=1000, added=1000)
        assert await importing.contacts() == _contacts(ROWS)

        again = await importing.run()
        assert again["status"] == "unchanged", again
        assert again["counts"] == _counts()

        changed = [["00001", "New name", "p1@example.com"], *ROWS[2:], ["99999", "Newcomer", ""]]
        file.write_text(csv_of(changed), encoding="utf-8")
        second = await importing.run()
        assert second["status"] == "succeeded", second
        assert second["counts"] == _counts(read=1000, added=1, updated=1, unchanged=998, deleted=1)
        assert await importing.contacts() == _contacts(changed)
        assert [step["step"] for step in second["steps"]] == ["fetching", "staging", "planning", "applying"]

        shown = (await client.get(f"/imports/{importing.import_id}")).json()
        assert shown["source"]["host_key"] == sftp.host_key_fingerprint


async def test_rows_with_errors_are_told_by_line_and_by_one_mail(stack: Stack, sftp: SftpServer) -> None:
    rows = [["1", "One", "one@example.com"], ["", "Nobody", ""], ["3", "Three", "not an address"], ["1", "Uno", ""]]
    (sftp.folder / "bad.csv").write_text(csv_of(rows), encoding="utf-8")
    async with stack.client() as client:
        importing = await set_up_import(client, sftp_source(sftp, "bad.csv"))
        run = await importing.run()
        assert run["status"] == "succeeded_with_errors", run
        assert run["counts"] == _counts(read=4, added=1, rejected=2, duplicates=1)
        assert await importing.contacts() == {"1": {"No": "1", "Name": "Uno", "Email": ""}}
        problems = await importing.problems(run["id"])
        assert [(entry["line"], entry["severity"], entry["code"]) for entry in problems] == [
            (2, "warning", "duplicate_id"),
            (3, "error", "id_missing"),
            (4, "error", "email_invalid"),
        ]
    mail = await mail_about(stack, run["id"])
    assert mail["To"] == "it@example.com"
    assert "HR file" in mail["Subject"]


def _counts(**some: int) -> dict[str, int]:
    none = dict.fromkeys(("read", "added", "updated", "unchanged", "deleted", "rejected", "duplicates"), 0)
    return none | some


def _contacts(rows: list[list[str]]) -> dict[str, dict[str, str]]:
    return {number: {"No": number, "Name": name, "Email": email} for number, name, email in rows}
