"""The rejected rows of a run as one file, streamed from the stored file of the run."""

import codecs
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from starlette.responses import StreamingResponse

from services.web.dependencies.resources import Resources
from services.web.forms.rejected_rows import RejectedLayout
from shared.errors import PermanentError, TransientError, UserError
from shared.events.files import StoredFile
from shared.objects.file_head import read_file_head
from shared.objects.reader import ObjectReader
from shared.postgres.database import Connection, set_up_connection
from shared.rules.charset import charset_name, decode, encode_escaped, restore_escapes
from shared.rules.line_ends import line_starts
from shared.rules.password_columns import password_places
from shared.store.password_columns import password_columns_of
from shared.store.run_details import rejected_rows
from shared.store.set_ups import RunSetup

_BLOCK_ROWS = 200
_BLOCK_CHARACTERS = 1 << 20
_MARKS = {"utf-16": codecs.BOM_UTF16_LE, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
_MARKS |= {"utf-32-le": codecs.BOM_UTF32_LE, "utf-32-be": codecs.BOM_UTF32_BE}


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


async def open_run_file(
    resources: Resources, connection: Connection, run_id: UUID, *, for_spreadsheet: bool = False
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
        reader = await resources.objects.reader(stored.object_key)
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


async def rejected_file(resources: Resources, run_id: UUID, *, for_spreadsheet: bool) -> StreamingResponse:
    """Return the file, in the encoding of the run's own."""
    async with resources.database.pool.acquire() as connection:
        file = await open_run_file(resources, connection, run_id, for_spreadsheet=for_spreadsheet)
    return StreamingResponse(
        _blocks(resources, run_id, file),
        media_type=f"text/csv; charset={file.written_in}",
        headers={"content-disposition": 'attachment; filename="rejected.csv"'},
    )


async def _blocks(resources: Resources, run_id: UUID, file: RunFile) -> AsyncIterator[bytes]:
    # A spreadsheet takes a file without a mark for one in its own country's encoding.
    mark = codecs.BOM_UTF8 if file.written_in == "utf-8" and file.layout.for_spreadsheet else b""
    yield _MARKS.get(file.written_in, mark) + encode_escaped(file.beginning, file.written_in)
    # Not from the pool: who reads slowly would keep others from it.
    async with resources.exports:
        connection = await asyncpg.connect(resources.database.dsn)
        try:
            await set_up_connection(connection)
            after = 0
            while rows := await rejected_rows(connection, run_id, after=after, limit=_BLOCK_ROWS):
                lines: list[str] = []
                for row in rows:
                    data = await file.reader.read(row.offset, row.length)
                    lines.append(file.layout.row(file.text(data), row.line, row.reasons))
                    if sum(map(len, lines)) > _BLOCK_CHARACTERS:
                        yield encode_escaped("".join(lines), file.written_in)
                        lines.clear()
                yield encode_escaped("".join(lines), file.written_in)
                after = rows[-1].line
        finally:
            connection.terminate()
