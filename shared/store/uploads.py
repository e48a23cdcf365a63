"""Uploads: files that were handed in; their bytes lie sealed in the object store. Owner: web."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from shared.errors import UserError
from shared.events.set_up import UploadedSource
from shared.postgres.database import Connection


class UploadView(BaseModel):
    """What the one who uploaded a file is told."""

    upload_id: UUID
    bytes: int
    sha256: str


def upload_key(upload_id: UUID) -> str:
    """Return the key of an upload in the object store."""
    return f"uploads/{upload_id}"


def upload_id_of(source: UploadedSource) -> UUID:
    """Return the upload that a stored source came from."""
    return UUID(source.object_key.rpartition("/")[2])


async def record_upload(connection: Connection, upload: UploadView, name: str, *, now: datetime) -> None:
    """Note a file that was stored whole."""
    await connection.execute(
        "INSERT INTO uploads (id, name, object_key, bytes, sha256, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        upload.upload_id,
        name,
        upload_key(upload.upload_id),
        upload.bytes,
        upload.sha256,
        now,
    )


async def uploaded_source(connection: Connection, upload_id: UUID) -> UploadedSource:
    """Return an upload as the source of an import; UserError `upload_not_found`."""
    row = await connection.fetchrow("SELECT object_key, name, bytes FROM uploads WHERE id = $1", upload_id)
    if row is None:
        raise UserError("upload_not_found", "There is no such upload: upload the file first.", field="source.upload_id")
    return UploadedSource(**dict(row))
