"""A file that is handed in, sealed into the object store while it comes."""

import hashlib
import re
from collections.abc import AsyncIterator

from services.web.dependencies.resources import Resources
from shared.errors import UserError
from shared.ids import new_id
from shared.store.uploads import UploadView, upload_key

_MAX_NAME = 255
_UNPRINTABLE = re.compile(r"[\0-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


async def receive_file(resources: Resources, body: AsyncIterator[bytes]) -> UploadView:
    """Store a file; whoever calls notes it in the database. UserError `file_too_large`, and nothing is stored."""
    upload_id = new_id()
    digest = hashlib.sha256()
    limit = resources.settings.web.max_upload_bytes
    async with resources.objects.write(upload_key(upload_id)) as writer:
        async for block in body:
            if not block:
                continue
            digest.update(block)
            await writer.write(block)
            if writer.written > limit:
                raise UserError("file_too_large", f"The file is larger than {limit} bytes.", field="file")
    return UploadView(upload_id=upload_id, bytes=writer.written, sha256=digest.hexdigest())


def file_name(given: str | None) -> str:
    """Return a file's bare name, fit to be shown, whatever path or characters came with it."""
    bare = re.split(r"[/\\]", given or "")[-1]
    return _UNPRINTABLE.sub("", bare).strip()[:_MAX_NAME] or "upload.csv"
