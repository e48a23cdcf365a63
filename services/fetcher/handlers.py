"""Hears that a file is to be fetched, tried or looked at; hands it on and goes on listening."""

from services.fetcher.connection_test import ConnectionTester
from services.fetcher.downloads import Downloads
from services.fetcher.preview import Previewer
from shared.events.connection_tests import ConnectionTestRequested
from shared.events.previews import PreviewRequested
from shared.events.runs import ImportCancelled, ImportRequested


class FetcherHandlers:
    """The fetcher's handlers."""

    def __init__(self, downloads: Downloads, tester: ConnectionTester, previewer: Previewer) -> None:
        self._downloads = downloads
        self._tester = tester
        self._previewer = previewer

    async def on_import_requested(self, event: ImportRequested) -> None:
        """Take the run up; returns when its download has begun, which waits while very many are under way.

        The event is committed then: a download may take hours, and one that is lost is asked for again because the
        run falls silent.
        """
        await self._downloads.begin(event)

    async def on_import_cancelled(self, event: ImportCancelled) -> None:
        """Drop the run's download, so that its place is free."""
        self._downloads.cancel(event.run_id)

    async def on_connection_test_requested(self, event: ConnectionTestRequested) -> None:
        """Take the try up; one that is lost is missed by nobody but whoever waits, and they may ask again."""
        await self._tester.begin(event)

    async def on_preview_requested(self, event: PreviewRequested) -> None:
        """Take the preview up; one that is lost is missed by nobody but whoever waits."""
        await self._previewer.begin(event)
