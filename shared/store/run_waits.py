"""What an open run waits for, if it does, in words for people."""

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, Field

OTHERS: Final = """CASE WHEN r.finished_at IS NULL THEN (
        SELECT jsonb_build_object('under_way', count(*) FILTER (WHERE o.status <> 'queued'),
            'before', count(*) FILTER (WHERE o.status = 'queued'
                AND (o.trigger = 'schedule', o.queued_at, o.id) < (r.trigger = 'schedule', r.queued_at, r.id)),
            'writing', (array_agg(o.id ORDER BY o.status, o.id) FILTER (WHERE o.status IN ('applying', 'planning')))[1])
        FROM runs o WHERE o.manager_id = r.manager_id AND o.finished_at IS NULL AND o.id <> r.id) END AS others"""
"""A column for a query of runs `r`: what other open runs their managers have.

Those before it are in the order in which the scheduler takes them up: who asks goes before schedules.
"""


PAUSED_SINCE: Final = """CASE WHEN r.status = 'planning' AND NOT r.dry_run
    THEN (SELECT since FROM applies_pause WHERE ended_at IS NULL) END AS paused_since"""
"""A column for a query of runs `r`: since when all applies are paused, where that keeps the run waiting."""


class RunWait(BaseModel):
    """What a run waits for, and since when."""

    code: Literal["turn", "scheduler", "fetcher", "parser", "manager", "paused"] = Field(
        description="Its turn among its manager's runs; a scheduler; a fetcher, or its turn there; a parser; "
        "another run that writes to its manager; that applies go on, which are all paused"
    )
    message: str
    since: datetime
    runs_before: int | None = Field(None, description="How many runs of the manager are queued before it")
    run_id: UUID | None = Field(None, description="The run that writes to its manager")


def wait_of(row: dict[str, Any]) -> RunWait | None:
    """Return what an open run waits for; `row` has its state, its times, `OTHERS` and `PAUSED_SINCE`."""
    others = row["others"]
    if others is None:
        return None
    if row["status"] == "queued":
        return _queued(row["queued_at"], others["before"], others["under_way"])
    step = max((step["started_at"] for step in row["steps"]), default=None) or row["queued_at"]
    since = datetime.fromisoformat(step) if isinstance(step, str) else step
    if row["status"] == "fetching":
        return _for_fetcher(row, since)
    if row["status"] == "staging" and row["parsed_from"] is None and not row["rows_staged"]:
        return RunWait(code="parser", message="It waits for a parser that has time for its file.", since=since)
    return _to_write(row, since)


def _to_write(row: dict[str, Any], since: datetime) -> RunWait | None:
    if row["paused_since"] is not None:
        message = "It waits until somebody lets imports write again: all applies are paused."
        return RunWait(code="paused", message=message, since=max(since, row["paused_since"]))
    if row["status"] == "planning" and row["others"]["writing"]:
        message = "It waits until another import has written its changes to the same contact manager."
        return RunWait(code="manager", message=message, since=since, run_id=row["others"]["writing"])
    return None


def _for_fetcher(row: dict[str, Any], since: datetime) -> RunWait | None:
    if row["taken_up_at"] is None:
        return RunWait(code="fetcher", message="It waits for a fetcher that has time for it.", since=since)
    if row["waits_for_turn"]:
        message = "It waits for its turn: only so many files are fetched at once, in all and from one server."
        return RunWait(code="fetcher", message=message, since=since)
    return None


def _queued(since: datetime, before: int, under_way: int) -> RunWait:
    if not before and not under_way:
        return RunWait(
            code="scheduler", message="It waits for the scheduler to take it up.", since=since, runs_before=0
        )
    queue = f"{before:,} imports are queued before it" if before != 1 else "1 import is queued before it"
    message = f"It waits for its turn: of this contact manager {queue}, and {under_way:,} are under way."
    return RunWait(code="turn", message=message, since=since, runs_before=before)
