"""Parser and fetcher hold no database connection: they could not even make one."""

from urllib.parse import urlsplit

from tests.support.imports import csv_of, set_up_import, sftp_source
from tests.support.sftp_server import SftpServer
from tests.support.stack import SERVICES, Stack

WITHOUT = {"fetcher", "parser"}


async def test_fetcher_and_parser_hold_no_database_connection(embedded_stack: Stack, sftp: SftpServer) -> None:
    (sftp.folder / "few.csv").write_text(csv_of([["1", "One", ""]]), encoding="utf-8")
    async with embedded_stack.client() as client:
        run = await (await set_up_import(client, sftp_source(sftp, "few.csv"))).run()
    assert run["status"] == "succeeded"
    port = urlsplit(embedded_stack.database).port
    connected = {
        service
        for service in SERVICES
        for process in embedded_stack.processes(service)
        for connection in process.net_connections("tcp")
        if connection.raddr and connection.raddr.port == port
    }
    assert connected == set(SERVICES) - WITHOUT
    for service in WITHOUT:
        for process in embedded_stack.processes(service):
            assert not [name for name in process.environ() if "POSTGRES" in name.upper()]
