"""Previews of bytes, without fetching them."""

from typing import Any

from services.parser.domain.preview import build_preview
from shared.events.previews import FilePreview, FileSample, PreviewChoices


def preview_of(content: bytes, *, is_whole: bool = True, **choices: Any) -> FilePreview:
    """Return the preview of a file that begins with these bytes."""
    about = FileSample(object_key="samples/1", bytes=len(content), is_whole=is_whole, file_name="people.csv")
    return build_preview(content, about, PreviewChoices(**choices))
