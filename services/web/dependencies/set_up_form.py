"""The form in which an import is set up, as it was sent: its secrets apart, and a chosen file taken up."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import Request

from services.web.dependencies.file_form import FileForm, read_file_form
from services.web.dependencies.resources import Resources
from services.web.forms.credentials import SECRETS
from services.web.forms.import_form import ImportForm, document_of, form_sent, preview_document
from services.web.security.sessions import Session
from shared.errors import UserError


@dataclass(frozen=True)
class SentSetUp:
    """A form that was sent; `upload` has the inputs that stand for a file that came with it.

    `shown_run` is the dry run whose outcome the page has shown, `save_key` names the page that was sent, however often.
    """

    form: ImportForm
    secrets: dict[str, str] = field(repr=False)
    upload: dict[str, str] | None
    action: str
    chosen: str
    draft_id: UUID | None
    shown_run: UUID | None
    save_key: UUID | None

    @property
    def has_secrets(self) -> bool:
        """Tell whether any was typed: none is ever sent back, so it has to be typed again."""
        return any(self.secrets.values())

    def document(self, manager_id: str) -> dict[str, Any]:
        """Return the API's document; UserError `file_missing` where a file from the computer is meant and none came."""
        self.require_file()
        return document_of(self.form, self.secrets, manager_id)

    def preview_document(self, manager_id: str) -> dict[str, Any]:
        """Return the API's document of a preview; UserError as `document`."""
        self.require_file()
        return preview_document(self.form, self.secrets, manager_id, self.chosen)

    def require_file(self) -> None:
        """Refuse a file from the computer that was not chosen."""
        if self.form.values.get("source") == "upload" and not self.form.values.get("upload_id"):
            raise UserError("file_missing", "Choose a file from your computer.", field="source.upload_id")


async def read_set_up(request: Request, resources: Resources, visitor: Session) -> SentSetUp:
    """Return the form, as `read_file_form` reads one."""
    sent: FileForm = await read_file_form(request, resources, visitor)
    form = form_sent(sent.text, sent.every, [*sent.texts])
    upload = None
    if sent.upload is not None:
        upload = {"upload_id": str(sent.upload.upload_id), "upload_name": sent.upload_name}
        form.values |= upload
    secrets = {name: sent.text(name) for name in SECRETS}
    draft_id, shown_run = _id(sent.text("draft")), _id(sent.text("shown_run"))
    save_key = _id(sent.text("save_key"))
    return SentSetUp(form, secrets, upload, sent.text("action"), sent.text("chosen"), draft_id, shown_run, save_key)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
