"""The file that a run read, as it is stored, and how its rejected rows are written out of it."""

import codecs
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from shared.errors import PermanentError, TransientError, UserError
from shared.events.files import StoredFile
from shared.objects.file_head import read_file_head
from shared.objects.reader import ObjectReader
from shared.objects.store import SealedObjects
from shared.postgres.database import Connection
from shared.rules.charset import charset_name, decode, encode_escaped, restore_escapes
from shared.rules.line_ends import line_starts
from shared.rules.password_columns import password_places
from shared.rules.rejected_rows import RejectedLayout
from shared.store.password_columns import password_columns_of
from shared.store.run_details import RejectedRowView
from shared.store.set_ups import RunSetup

_MARKS: Final = {
    "utf-16": codecs.BOM_UTF16_LE,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


@dataclass(frozen=True)
class RunFile:
    """A run's stored file, and how its rows are written out; `beginning`: what stands before the first row."""

    stored: StoredFile
    reader: ObjectReader
    layout: RejectedLayout
    beginning: str

    @property
    def written_in(self) -> str:
        """Return the encoding that the file came in."""
        return charset_name(self.stored.written_in or self.stored.encoding)

    def text(self, data: bytes) -> str:
        """Return the text of some of its bytes."""
        text = decode(data, self.stored.encoding)
        return text if self.written_in == charset_name(self.stored.encoding) else restore_escapes(text)

    def encoded(self, text: str) -> bytes:
        """Return a text in the encoding that the file came in."""
        return encode_escaped(text, self.written_in)

    def opening(self) -> bytes:
        """Return what a file of its rejected rows begins with: a mark, where one is needed, and the header."""
        # A spreadsheet takes a file without a mark for one in its own country's encoding.
        mark = codecs.BOM_UTF8 if self.written_in == "utf-8" and self.layout.for_spreadsheet else b""
        return _MARKS.get(self.written_in, mark) + self.encoded(self.beginning)

    async def rejected(self, row: RejectedRowView) -> str:
        """Return a rejected row with its line and the reasons, without passwords."""
        data = await self.reader.read(row.offset, row.length)
        return self.layout.row(self.text(data), row.line, row.reasons)


async def open_run_file(
    objects: SealedObjects, connection: Connection, run_id: UUID, *, for_spreadsheet: bool = False
) -> RunFile:
    """Return the file that a run read; UserError `run_not_found`, or `file_gone` where it is not kept."""
    row = await connection.fetchrow("SELECT manager_id, setup, stored FROM runs WHERE id = $1", run_id)
    if row is None:
        raise UserError("run_not_found", "There is no such run.")
    if row["stored"] is None:
        raise UserError("file_gone", "The file of this run is not kept, or was never stored.")
    setup, stored = RunSetup.model_validate(row["setup"]), StoredFile.model_validate(row["stored"])
    rules = setup.parse_rules(row["manager_id"])
    said = (await password_columns_of(connection, [row["manager_id"]])).get(row["manager_id"], [])
    dialect = rules.dialect()
    try:
        reader = await objects.reader(stored.object_key)
        head, first = await read_file_head(reader, dialect, encoding=stored.encoding)
    except (TransientError, PermanentError) as error:
        raise UserError("file_gone", "The file of this run is not kept.") from error
    mapped = [(rules.key_column, rules.key_kind), *((column.column, column.kind) for column in rules.columns)]
    passwords = password_places(head.names, mapped, said)
    width = head.width - head.notes
    layout = RejectedLayout(dialect, width, passwords, trim=rules.trim, for_spreadsheet=for_spreadsheet)
    text = decode(first, stored.encoding)
    starts = line_starts(text)
    beginning = layout.skipped(text[: starts[min(dialect.skip_lines, len(starts) - 1)]])
    if head.header_line is not None:
        begin = starts[head.header_line - 1]
        end = starts[min(head.header_line - 1 + head.header_height, len(starts) - 1)]
        beginning += layout.header(text[begin:end])
    return RunFile(stored, reader, layout, beginning)
