"""Downloads under way: each fetches one run's file, beats while it does, and says what came of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import PurePosixPath

import stamina
import structlog

from services.fetcher.adapters.text_store import TextStore
from services.fetcher.adapters.unpacking import unpacked
from services.fetcher.ports import Credentials, FileTransport
from services.fetcher.settings import FetcherSettings
from shared.clock import Clock
from shared.errors import ContactsSyncError, TransientError, UserError
from shared.events.files import ChunkRange, ChunkReady, FileFetched, StoredFile
from shared.events.runs import ImportRequested, ImportStopped
from shared.events.set_up import RemoteSource, UploadedSource
from shared.ids import new_id
from shared.kafka.heartbeat import Heartbeat
from shared.kafka.publisher import EventPublisher
from shared.objects.store import SealedObjects
from shared.rules.link import parse_link, require_credentials
from shared.sealing import Sealer
from shared.topics import CHUNK_READY, FILE_FETCHED, IMPORT_STOPPED

_log = structlog.get_logger("contacts_sync.fetcher")


class Downloads:
    """Runs at most so many downloads at once, each in a task of its own."""

    def __init__(
        self,
        transports: Mapping[str, FileTransport],
        texts: TextStore,
        objects: SealedObjects,
        publisher: EventPublisher,
        sealer: Sealer,
        clock: Clock,
        settings: FetcherSettings,
    ) -> None:
        self._transports = transports
        self._texts = texts
        self._objects = objects
        self._publisher = publisher
        self._sealer = sealer
        self._clock = clock
        self._settings = settings
        self._places = asyncio.Semaphore(settings.downloads)
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self, event: ImportRequested) -> None:
        """Start a download, once there is a place for it."""
        await self._places.acquire()
        task = asyncio.create_task(self._run(event), name=f"download {event.run_id}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Abandon what is under way: the silence of their runs has them asked for again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._places.release()
        if not task.cancelled() and (error := task.exception()):
            _log.error("download could not say how it ended", error=repr(error))

    async def _run(self, event: ImportRequested) -> None:
        async with Heartbeat(event, self._publisher, self._clock, step="fetching", service="fetcher") as heartbeat:
            try:
                await self._fetch(event, heartbeat)
            except ContactsSyncError as error:
                await self._stopped(event, "failed", code=error.code, message=error.message)
            except Exception:  # noqa: BLE001 - the run must end with a reason, whatever went wrong
                _log.exception("download failed unforeseen", run_id=str(event.run_id))
                message = "The file could not be fetched because of a fault in this system; it has been noted."
                await self._stopped(event, "failed", code="fetch_failed", message=message)

    async def _fetch(self, event: ImportRequested, heartbeat: Heartbeat) -> None:
        if event.stored:
            file, chunks = event.stored, await self._texts.cut_again(event.stored, event.parse)
        else:
            async for attempt in stamina.retry_context(
                on=TransientError,
                attempts=self._settings.attempts,
                wait_initial=0.5,
                wait_max=10.0,
                timeout=None,
            ):
                with attempt:
                    file, chunks = await self._store(event, heartbeat)
        if event.last_applied_sha256 == file.sha256:
            await self._stopped(event, "unchanged", file=file)
            return
        await self._say(event, file, chunks)

    async def _store(self, event: ImportRequested, heartbeat: Heartbeat) -> tuple[StoredFile, list[ChunkRange]]:
        try:
            async with (
                asyncio.timeout(self._settings.total_seconds),
                self._open(event.source, heartbeat) as opened,
            ):
                name, blocks = opened
                counted = _counted(blocks, heartbeat, self._settings.max_bytes)
                return await self._texts.store(unpacked(counted), event.parse, name)
        except TimeoutError as error:
            raise TransientError("download_too_slow", "The file did not arrive within the time allowed.") from error

    @asynccontextmanager
    async def _open(
        self, source: RemoteSource | UploadedSource, heartbeat: Heartbeat
    ) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
        if isinstance(source, UploadedSource):
            heartbeat.bytes_total = source.bytes
            yield source.name, self._objects.stream(source.object_key)
            return
        link = parse_link(source.url)
        credentials = self._credentials(source)
        require_credentials(
            link,
            login=credentials.login,
            has_password=credentials.password is not None,
            has_private_key=credentials.private_key is not None,
        )
        transport = self._transports.get(link.scheme)
        if transport is None:
            raise UserError("scheme_unsupported", f"Files cannot be fetched by {link.scheme} yet.")
        async with transport.open(link, credentials) as remote:
            heartbeat.bytes_total, heartbeat.host_key = remote.size, remote.host_key
            if remote.size is not None and remote.size > self._settings.max_bytes:
                raise UserError(
                    "file_too_large",
                    f"The file has {remote.size:,} bytes; this system takes at most {self._settings.max_bytes:,}.",
                )
            yield PurePosixPath(link.path).name or link.host, remote.blocks

    def _credentials(self, source: RemoteSource) -> Credentials:
        secrets = json.loads(self._sealer.open(source.secrets, "credentials")) if source.secrets else {}
        return Credentials(
            login=source.login,
            password=secrets.get("password"),
            private_key=secrets.get("private_key"),
            host_key=source.host_key,
            ca_certificate=source.ca_certificate,
        )

    async def _say(self, event: ImportRequested, file: StoredFile, chunks: list[ChunkRange]) -> None:
        """Say every chunk, and when all are acknowledged the file."""

        async def ready() -> AsyncIterator[tuple[str, ChunkReady]]:
            for chunk in chunks:
                said = ChunkReady(**self._about(event), file=file, chunk=chunk, parse=event.parse)
                yield f"{event.run_id}:{chunk.index}", said

        await self._publisher.publish_all(CHUNK_READY, ready())
        fetched = FileFetched(**self._about(event), file=file, chunks=len(chunks))
        await self._publisher.publish(FILE_FETCHED, fetched, key=str(event.run_id))

    async def _stopped(
        self,
        event: ImportRequested,
        outcome: str,
        *,
        code: str | None = None,
        message: str | None = None,
        file: StoredFile | None = None,
    ) -> None:
        stopped = ImportStopped(
            **self._about(event),
            outcome=outcome,
            code=code,
            message=message,
            file_name=file.name if file else None,
            file_bytes=file.bytes if file else None,
            file_sha256=file.sha256 if file else None,
        )
        await self._publisher.publish(IMPORT_STOPPED, stopped, key=str(event.run_id))

    def _about(self, event: ImportRequested) -> dict:  # type: ignore[type-arg]
        return {
            "event_id": new_id(),
            "occurred_at": self._clock.now(),
            "run_id": event.run_id,
            "import_id": event.import_id,
            "attempt": event.attempt,
        }


async def _counted(blocks: AsyncIterator[bytes], heartbeat: Heartbeat, most: int) -> AsyncIterator[bytes]:
    """Count the bytes that come, packed or not; UserError `file_too_large`."""
    heartbeat.bytes = 0
    async for block in blocks:
        heartbeat.bytes += len(block)
        if heartbeat.bytes > most:
            raise UserError("file_too_large", f"The file is larger than {most:,} bytes, the limit of this system.")
        yield block
