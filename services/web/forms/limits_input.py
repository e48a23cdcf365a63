"""An import's own limits as they come in."""

from typing import Annotated

from pydantic import Field

from services.web.forms.input_part import InputPart


class LimitInput(InputPart):
    """From so many changes on, or from such a share of the contacts on, a run is refused; null: no limit."""

    count: Annotated[int, Field(ge=0, description="0 as 1: nothing to change never refuses")] | None = None
    percent: Annotated[float, Field(ge=0, le=1000)] | None = None


class ShareInput(LimitInput):
    """A limit on contacts that are there: more than all of them can't be meant."""

    percent: Annotated[float, Field(ge=0, le=100)] | None = None


class LimitsInput(InputPart):
    """The import's own limits, measured on the plan before the first write."""

    deletes: ShareInput = ShareInput()
    updates: ShareInput = ShareInput()
    adds: LimitInput = LimitInput()
