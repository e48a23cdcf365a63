"""What was wrong in a run, on its page: the reasons with how often, and the rows behind them."""

from dataclasses import dataclass, field

from services.web.dependencies.paging import page_of, place_of, two_numbers
from services.web.dependencies.problem_rows import RowProblemView, with_rows
from services.web.dependencies.resources import Resources
from shared.postgres.database import Connection
from shared.store.problem_groups import MOST_COUNTED, ProblemGroup, problem_groups
from shared.store.run_details import Reason, problems_of
from shared.store.run_view import RunView

_SHOWN = 50


@dataclass(frozen=True)
class ProblemsPart:
    """Some problems of a run; `next` is the cursor of those after, `reason` the one that was asked for."""

    groups: list[ProblemGroup]
    rows: list[RowProblemView]
    reason: Reason | None
    is_continued: bool
    next: str | None
    has_rejected_rows: bool
    most_counted: int = field(default=MOST_COUNTED)

    @property
    def count(self) -> int:
        """Return how many were counted."""
        return sum(group.count for group in self.groups)


async def problems_part(
    resources: Resources, connection: Connection, run: RunView, reason: Reason | None, cursor: str | None
) -> ProblemsPart | None:
    """Return the part that was asked for; None where nothing was wrong."""
    groups = await problem_groups(connection, run.id)
    if not groups:
        return None
    after = place_of(cursor, two_numbers)
    found = await problems_of(connection, run.id, after=after, limit=_SHOWN + 1, reason=reason)
    page = page_of(found, _SHOWN, lambda entry: list(entry[0]))
    return ProblemsPart(
        groups=groups,
        rows=await with_rows(resources, connection, run.id, [problem for _, problem in page.items]),
        reason=reason,
        is_continued=cursor is not None,
        next=page.next,
        has_rejected_rows=run.file.sha256 is not None and any(g.severity == "error" and g.lines for g in groups),
    )
