"""A part of a run's plan on its page: which kind of changes, and where in them."""

from dataclasses import dataclass
from typing import Literal, get_args

from services.web.dependencies.paging import number_place, page_of, place_of
from services.web.pages.plan_rows import PlanRow, plan_row
from shared.postgres.database import Connection
from shared.store.plan_search import are_values_searched, find_changes
from shared.store.run_details import ChangeKind, plan_changes
from shared.store.run_view import RunView

PlanKind = Literal["all", "added", "updated", "deleted"]

_SHOWN = 50
_FOUND = 100
_APPLIED = frozenset({"succeeded", "succeeded_with_errors"})
_WAITING = frozenset({"refused", "planned"})


@dataclass(frozen=True)
class PlanPart:
    """Some changes of a plan; `next` is the cursor of those after, `total` how many there are of all kinds."""

    title: str
    kind: PlanKind
    rows: list[PlanRow]
    total: int
    sought: str
    has_more_found: bool
    searches_values: bool
    """Whether a search looks at all values, and not only at unique ids."""
    is_continued: bool
    next: str | None


async def plan_part(
    connection: Connection, run: RunView, kind: PlanKind | None, cursor: str | None, sought: str
) -> PlanPart | None:
    """Return the part that was asked for; None where there is no plan yet, or it changes nothing.

    Of a refused run those who would be deleted come unasked: they are what has to be looked at. What is `sought` is
    shown as far as it fits on a page.
    """
    counts = run.counts
    total = counts.added + counts.updated + counts.deleted
    if not total or not (run.finished_at or _is_held(run)):
        return None
    wanted: PlanKind = kind or ("deleted" if run.status == "refused" and counts.deleted else "all")
    only = next((each for each in get_args(ChangeKind) if each == wanted), None)
    by_value = await are_values_searched(connection, run.id)
    if sought:
        changes = await find_changes(connection, run.id, sought, by_value=by_value, kind=only, limit=_FOUND + 1)
        rows, is_continued, following = changes[:_FOUND], False, None
    else:
        after = place_of(cursor, number_place)
        found = await plan_changes(connection, run.id, kind=only, after=after, limit=_SHOWN + 1)
        page = page_of(found, _SHOWN, lambda entry: entry[0])
        changes = rows = [change for _, change in page.items]
        is_continued, following = cursor is not None, page.next
    return PlanPart(
        title=_title(run),
        kind=wanted,
        rows=[plan_row(change) for change in rows],
        total=total,
        sought=sought,
        has_more_found=len(changes) > len(rows),
        searches_values=by_value,
        is_continued=is_continued,
        next=following,
    )


def _title(run: RunView) -> str:
    if run.status in _APPLIED:
        return "What it changed"
    return "What it would do" if run.status in _WAITING or _is_held(run) else "What it would have done"


def _is_held(run: RunView) -> bool:
    """Tell whether it waits for the switch of all applies; what counts it has then are those of its plan."""
    return run.waiting is not None and run.waiting.code == "paused"
