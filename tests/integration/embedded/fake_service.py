"""Stands in for a service: writes down its environment, answers on its ports, and ends as services do.

`python fake_service.py NAME FOLDER`. A file `NAME.stubborn` in FOLDER makes it ignore SIGTERM, `NAME.broken`
makes it end at once.
"""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

from services.cli.embedded.child import supervisor_gone


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
    await writer.drain()
    writer.close()


async def main(name: str, folder: Path) -> int:
    if (folder / f"{name}.broken").exists():
        return 3
    told = asyncio.Event()
    if not (folder / f"{name}.stubborn").exists():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    else:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ports = [("127.0.0.1", int(os.environ["CONTACTS_SYNC_HEALTH__PORT"]))]
    if name == "web":
        ports.append((os.environ["CONTACTS_SYNC_WEB__HOST"], int(os.environ["CONTACTS_SYNC_WEB__PORT"])))
    servers = [await asyncio.start_server(answer, host, port) for host, port in ports]
    record = folder / f"{name}-{os.getpid()}"
    half = record.with_suffix(".new")
    half.write_text(json.dumps(dict(os.environ)))
    half.rename(record.with_suffix(".started"))
    stop = asyncio.create_task(told.wait())
    orphaned = asyncio.create_task(supervisor_gone())
    await asyncio.wait({stop, orphaned}, return_when=asyncio.FIRST_COMPLETED)
    record.with_suffix(".ended").write_text(f"{time.monotonic()} {'told' if stop.done() else 'orphaned'}")
    for server in servers:
        server.close()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1], Path(sys.argv[2]))))
