"""Two replicas of every service at once give the same result as one."""

from functools import partial
from pathlib import Path

from tests.support.contents import Contents, stored_contacts
from tests.support.imports import set_up_import, sftp_source
from tests.support.kafka_server import KafkaServer
from tests.support.sftp_server import SftpServer
from tests.support.stack import SERVICES, Stack
from tests.support.waiting import until

ROWS = 20_000
CHUNK_BYTES = "65536"


async def test_two_of_every_service_give_the_same_result_as_one(
    kafka: KafkaServer | None, sftp: SftpServer, tmp_path: Path
) -> None:
    servers = kafka.bootstrap_servers if kafka else None
    settings = {"CONTACTS_SYNC_FETCHER__CHUNK_BYTES": CHUNK_BYTES}
    scale = dict.fromkeys(SERVICES, 2)
    async with Stack(tmp_path / "data", bootstrap_servers=servers, scale=scale, settings=settings) as stack:
        assert {service: len(stack.processes(service)) for service in SERVICES} == scale
        async with stack.client() as client:
            source = sftp_source(sftp, "replicas.csv")
            fields = [("No", "text"), ("Name", "text"), ("Email", "text")]
            importing = await set_up_import(client, source, fields=fields, options={"delete_missing": True})
            for edition in (1, 2, 3):
                contents = Contents(ROWS, edition)
                contents.write(sftp.folder / "replicas.csv")
                run = await importing.run(within=120)
                assert run["status"] == "succeeded_with_errors", run
                assert run["counts"]["read"] == ROWS
                assert run["counts"]["rejected"] == contents.rejected
                assert await stored_contacts(stack, importing.manager_id) == contents.contacts()
                mails = await until(partial(_mails_about, stack, run["id"]), within=30, what="a mail about the run")
                assert len(mails) == 1


def _mails_about(stack: Stack, run_id: str) -> list[Path]:
    return [file for file in stack.mail_folder.glob("*.eml") if run_id in file.read_text("utf-8")]
