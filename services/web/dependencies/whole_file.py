"""The file that a run read, for those who may see all of it."""

import codecs
from collections.abc import AsyncIterator
from urllib.parse import quote
from uuid import UUID

from starlette.responses import StreamingResponse

from services.web.dependencies.decide_runs import about_run
from services.web.dependencies.resources import Resources
from services.web.security.access import role_missing
from shared.rules.charset import charset_name
from shared.rules.roles import Role
from shared.run_file import RunFile, open_run_file
from shared.store.audit_log import Actor

_BLOCK = 1 << 20
_PACKED = (".gz", ".zip")


async def whole_file(resources: Resources, run_id: UUID, by: Actor, role: Role) -> StreamingResponse:
    """Return the file as it came, unpacked, and note in the audit log who took it.

    A file in an encoding of several bytes a character, other than UTF-8, comes as UTF-8. UserError `run_not_found`,
    `file_gone`, and `role_missing`: a file with a column of passwords is for admins.
    """
    async with resources.database.pool.acquire() as connection:
        file = await open_run_file(resources.objects, connection, run_id)
        if file.layout.passwords and not role.includes(Role.ADMIN):
            raise await role_missing(connection, Role.ADMIN, role, token=by.token)
    async with resources.change(by) as change:
        await change.note("run.file_taken", await about_run(change, run_id))
    name = file.stored.name.rpartition("/")[2]
    for packed in _PACKED:
        name = name.removesuffix(packed)
    return StreamingResponse(
        _blocks(file),
        media_type=f"text/csv; charset={file.stored.encoding}",
        headers={"content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"},
    )


async def _blocks(file: RunFile) -> AsyncIterator[bytes]:
    stored = file.stored
    is_as_it_came = file.written_in == charset_name(stored.encoding)
    if is_as_it_came and stored.bytes - stored.text_bytes == len(codecs.BOM_UTF8):
        yield codecs.BOM_UTF8
    for offset in range(0, stored.text_bytes, _BLOCK):
        yield await file.reader.read(offset, min(_BLOCK, stored.text_bytes - offset))
