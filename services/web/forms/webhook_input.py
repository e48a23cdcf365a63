"""Webhooks as they come in."""

import re
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.web.forms.text import Text
from shared.errors import UserError
from shared.rules.link import parse_link
from shared.rules.trimming import trim
from shared.store.webhooks import WebhookEvent, WebhookPlan

_LONGEST: Final = 2000
_WEB: Final = re.compile(r"https?://", re.IGNORECASE)


class WebhookInput(BaseModel):
    """A webhook to be made, or what one is to be."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[Text, Field(max_length=_LONGEST, description="http or https, without login")]
    events: Annotated[list[WebhookEvent], Field(min_length=1, max_length=2, description="What it is told of")]
    manager_id: UUID | None = Field(None, description="Only what happens in this contact manager; null: in all")
    state: Literal["enabled", "paused"] | None = Field(None, description="Null: as it is; a new one is enabled")

    def plan(self) -> WebhookPlan:
        """Return it as the store takes it; UserError `url_invalid`."""
        return WebhookPlan(receiver_url(self.url), sorted(set(self.events)), self.manager_id)


class ReplayInput(BaseModel):
    """From which change on: its number and whose contacts, or the first one of a run."""

    model_config = ConfigDict(extra="forbid")

    manager_id: UUID | None = None
    from_number: Annotated[int, Field(ge=1, lt=2**62)] | None = None
    run_id: UUID | None = None


def receiver_url(text: str) -> str:
    """Return an address that messages can be posted to, in its canonical form; UserError `url_invalid`."""
    if not _WEB.match(trim(text)):
        raise UserError("url_invalid", "The address has to begin with https:// or http://.", field="url")
    try:
        return parse_link(text).url
    except UserError as error:
        words = error.message
        if error.code == "link_has_credentials":
            words = "The address has a login or password in it: a receiver knows messages by their signature."
        raise UserError("url_invalid", words, field="url") from error


def without_query(url: str) -> str:
    """Return an address as it may be shown and noted: what follows the question mark is often a secret."""
    return url.partition("?")[0] + ("?…" if "?" in url else "")
