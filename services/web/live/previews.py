"""Asks for the beginning of a file, which the fetcher fetches and the parser reads, and waits for it."""

from datetime import timedelta

from services.web.live.questions import Questions
from shared.clock import Clock
from shared.errors import TransientError, UserError
from shared.events.previews import FilePreview, PreviewChoices, PreviewReady, PreviewRequested
from shared.events.set_up import Source
from shared.ids import new_id
from shared.settings import KafkaSettings
from shared.topics import PREVIEW_READY, PREVIEW_REQUESTED

LONGEST_WAIT = timedelta(seconds=10)


class Previews(Questions[PreviewReady]):
    """Previews of files."""

    def __init__(self, settings: KafkaSettings, clock: Clock) -> None:
        super().__init__(settings, PREVIEW_REQUESTED, PREVIEW_READY, PreviewReady)
        self._clock = clock

    async def preview(self, source: Source, choices: PreviewChoices, *, time_zone: str) -> FilePreview:
        """Return the preview.

        UserError with the code that a run would end with; TransientError `preview_timeout`.
        """
        now, request_id = self._clock.now(), new_id()
        wanted = PreviewRequested(
            event_id=new_id(),
            occurred_at=now,
            request_id=request_id,
            source=source,
            choices=choices,
            time_zone=time_zone,
            wanted_until=now + LONGEST_WAIT,
        )
        message = "The file could not be read within 10 seconds. Test the connection, or try it again in a moment."
        unanswered = TransientError("preview_timeout", message)
        ready = await self.ask(wanted, request_id, within=LONGEST_WAIT, unanswered=unanswered)
        if ready.preview is not None:
            return ready.preview
        failure = ready.failure
        assert failure is not None
        raise UserError(failure.code, failure.message, field=_FIELDS.get(failure.code, "source"))


_FIELDS = {
    "encoding_contradicts_mark": "options.encoding",
    "encoding_unknown": "options.encoding",
    "delimiter_invalid": "options.delimiter",
}
