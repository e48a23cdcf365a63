"""Who is to be mailed about what of an import, as it comes in."""

from typing import Annotated

from pydantic import Field

from services.web.forms.input_part import InputPart
from services.web.forms.text import Text
from shared.events.mail_rules import MailTopic, Repeated


class MailRuleInput(InputPart):
    """Some addresses and what they are told of, besides the addresses for errors."""

    to: Annotated[list[Text], Field(max_length=50)]
    about: Annotated[
        list[MailTopic],
        Field(
            max_length=50,
            description="`recovered`: a run that works after others failed; `waiting_for_approval`: a plan that is to "
            "be looked at",
        ),
    ]
    repeated: Annotated[
        Repeated, Field(description="`daily`: the same failure again is told once, and then once a day for all of them")
    ] = "every_time"
