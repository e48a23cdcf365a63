"""Multipart bodies read as they come, so that a file never lies in clear on a disk of ours."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from python_multipart.multipart import MultipartParser, parse_options_header

from shared.errors import UserError


@dataclass(frozen=True)
class PartData:
    """Some bytes of a part; `file_name` None: a plain field."""

    name: str
    file_name: str | None
    data: bytes


class MultipartReader:
    """Reads one body; U+0000 in names is for the caller to refuse."""

    def __init__(self, content_type: str) -> None:
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if not boundary:
            raise _invalid()
        self._found: list[PartData] = []
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._name = ""
        self._file_name: str | None = None
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_header_name,
                "on_header_value": self._on_header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._on_data,
                "on_end": self._end,
            },
        )

    async def parts(self, body: AsyncIterator[bytes]) -> AsyncIterator[PartData]:
        """Yield the parts' bytes in order; each part begins with an empty piece. UserError `multipart_invalid`."""
        async for block in body:
            if block:
                try:
                    self._parser.write(block)
                except ValueError as error:  # what the parser raises
                    raise _invalid() from error
            found, self._found = self._found, []
            for piece in found:
                yield piece
        if not self._ended:
            raise _invalid()

    def _begin(self) -> None:
        self._name, self._file_name = "", None

    def _end(self) -> None:
        self._ended = True

    def _on_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self._header_value))
            self._name = options.get(b"name", b"").decode(errors="replace")
            file_name = options.get(b"filename")
            self._file_name = None if file_name is None else file_name.decode(errors="replace")
        self._header_name.clear()
        self._header_value.clear()

    def _headers_finished(self) -> None:
        self._found.append(PartData(self._name, self._file_name, b""))

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._found.append(PartData(self._name, self._file_name, data[start:end]))


def _invalid() -> UserError:
    return UserError("multipart_invalid", "The request is no complete multipart form.")
