"""How fast a large file comes in, hashed, cut and stored sealed, beside `curl` and `sftp` that only write it down.

Each protocol in turn with its usual client, against the same server in the same minute. Exits 1 where a median ratio
of speeds misses what must hold. `MIB` sets the file's size.
"""

import asyncio
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from uuid import UUID

from services.fetcher.adapters.ftp_transport import FtpTransport
from services.fetcher.adapters.http_transport import HttpTransport
from services.fetcher.adapters.sftp_transport import SftpTransport
from services.fetcher.adapters.text_store import TextStore
from services.fetcher.adapters.unpacking import unpacked
from services.fetcher.ports import Credentials, FileTransport
from services.fetcher.remote_fetch import RemoteFetch
from services.fetcher.settings import FetcherSettings
from shared.clock import SystemClock
from shared.events.set_up import ParseRules
from shared.ids import new_id
from shared.objects.store import SealedObjects
from shared.rules.link import parse_link
from shared.sealing import Sealer
from shared.settings import ObjectSettings
from tests.support.ftp_server import VsftpdServer
from tests.support.http_server import HttpServer
from tests.support.sftp_server import OpenSshServer

MIB = int(os.environ.get("MIB", "1024"))
ROUNDS = 3
MUST = {"http": 0.3, "ftps": 0.3, "sftp": 0.25}
SETTINGS = FetcherSettings(allowed_networks=[ip_network("127.0.0.0/8")], settle_seconds=0.01)
RULES = ParseRules(manager_id=UUID(int=1), columns=[], key_field=1, key_column="No")


@dataclass
class Course:
    """One protocol: where the file is, how we fetch it, and the command that does so otherwise."""

    url: str
    transport: FileTransport
    credentials: Credentials
    command: list[str]


def write_file(path: Path) -> None:
    """Write `MIB` MiB of CSV, in lines of the length that lists of people have."""
    block = "".join(f"{n},Ann{n},Example{n},ann{n}@example.com,+49 30 {n:07},Berlin\n" for n in range(20_000)).encode()
    with path.open("wb") as file:
        file.write(b"No,First,Last,Mail,Phone,City\n")
        while file.tell() < MIB << 20:
            file.write(block)


async def ours(course: Course, folder: Path) -> None:
    """Fetch, hash, cut and store sealed, as a run does."""
    objects = SealedObjects.from_settings(ObjectSettings(url=f"file://{folder}/objects"), Sealer([bytes(32)]))
    store = TextStore(objects, chunk_bytes=SETTINGS.chunk_bytes, max_bytes=SETTINGS.max_bytes, new_id=new_id)
    fetch = RemoteFetch(course.transport, parse_link(course.url), course.credentials, SETTINGS, SystemClock())
    await fetch.begin()
    stored, _ = await store.store(unpacked(fetch.blocks(), most_ratio=500), RULES, fetch.name)
    await fetch.close()
    await objects.delete(stored.object_key)


async def theirs(course: Course, folder: Path) -> None:
    """Fetch with the usual client."""
    process = await asyncio.create_subprocess_exec(*course.command, cwd=folder, stdout=asyncio.subprocess.DEVNULL)
    if await process.wait():
        raise RuntimeError(f"{course.command[0]} failed")
    (folder / "out.csv").unlink()


async def seconds(work: Callable[[Course, Path], Awaitable[None]], course: Course, folder: Path) -> float:
    """Return how long it took."""
    began = time.perf_counter()
    await work(course, folder)
    return time.perf_counter() - began


async def main() -> int:
    """Print a line for each protocol."""
    missed = False
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        file = folder / "people.csv"
        write_file(file)
        web = await stack.enter_async_context(HttpServer(folder / "nginx"))
        ftp = await stack.enter_async_context(VsftpdServer(folder / "vsftpd"))
        ssh = await stack.enter_async_context(OpenSshServer(folder / "sshd"))
        for server in (web, ftp, ssh):
            (server.folder / "people.csv").hardlink_to(file)
        (folder / "ca.pem").write_text(ftp.ca_pem, encoding="utf-8")
        key = folder / "key"
        key.touch(mode=0o600)
        key.write_text(ssh.private_key or "", encoding="utf-8")
        curl = ["curl", "--silent", "--fail", "--output", "out.csv"]
        tls = ["--ssl-reqd", "--cacert", "ca.pem", "--user", f"{ftp.login}:{ftp.password}"]
        ssh_options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
        sftp = ["sftp", "-q", "-i", "key", "-P", str(ssh.port), *ssh_options]
        courses = {
            "http": Course(
                web.http_url("people.csv"),
                HttpTransport(SETTINGS),
                Credentials(),
                [*curl, web.http_url("people.csv")],
            ),
            "ftps": Course(
                ftp.url("people.csv"),
                FtpTransport(SETTINGS),
                Credentials(login=ftp.login, password=ftp.password, ca_certificate=ftp.ca_pem),
                [*curl, *tls, ftp.url("people.csv").replace("ftps://", "ftp://")],
            ),
            "sftp": Course(
                ssh.url("people.csv"),
                SftpTransport(SETTINGS),
                Credentials(login=ssh.login, private_key=ssh.private_key),
                [*sftp, f"{ssh.login}@127.0.0.1:{ssh.path('people.csv')}", "out.csv"],
            ),
        }
        for name in os.environ.get("ONLY", " ".join(courses)).split():
            course = courses[name]
            pairs = [
                (await seconds(theirs, course, folder), await seconds(ours, course, folder)) for _ in range(ROUNDS)
            ]
            ratio = statistics.median(their / our for their, our in pairs)
            missed |= ratio < MUST[name]
            their, our = (statistics.median(times) for times in zip(*pairs, strict=True))
            print(
                f"{name:5} {MIB} MiB: {course.command[0]} {MIB / their:.0f} MiB/s, fetched and stored {MIB / our:.0f} "
                f"MiB/s, ratio {ratio:.2f} (must {MUST[name]})",
                flush=True,
            )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of the process: {peak:.0f} MiB")
    return int(missed)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
