"""Hears that a run is to be fetched; hands it to the downloads and goes on listening."""

from services.fetcher.downloads import Downloads
from shared.events.runs import ImportRequested


class FetcherHandlers:
    """The fetcher's one handler."""

    def __init__(self, downloads: Downloads) -> None:
        self._downloads = downloads

    async def on_import_requested(self, event: ImportRequested) -> None:
        """Take the run up; returns when its download has begun, which waits while too many are under way.

        The event is committed then: a download may take hours, and one that is lost is asked for again because the
        run falls silent.
        """
        await self._downloads.begin(event)
