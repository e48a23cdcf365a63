"""Who is mailed about what of an import: as it is set up, and as events take it along."""

from typing import Literal

from pydantic import Field

from shared.events.base import EventPart

MailTopic = Literal[
    "failed",
    "refused",
    "succeeded_with_errors",
    "succeeded",
    "unchanged",
    "recovered",
    "waiting_for_approval",
    "file_late",
    "schedule_paused",
]
"""What a mail can be about: how a run ended, or what no run says."""

Repeated = Literal["every_time", "daily"]


class MailRule(EventPart):
    """Some addresses, and what they are told of."""

    to: list[str]
    about: list[MailTopic]
    repeated: Repeated = Field(
        "every_time", description="daily: the same failure again is told once, and then once a day for all of them"
    )
