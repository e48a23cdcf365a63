"""The schedule's part of the import's form: once or every N days, with its range."""

import re
from collections.abc import Mapping
from typing import Any

from services.web.forms.import_input import ScheduleInput

_MINUTES = len("2026-12-01T06:30")


def schedule_values(schedule: ScheduleInput | None) -> dict[str, str]:
    """Return what stands in the form for a schedule."""
    values = {"repeat": "none", "every_days": "1", "end": "never", "time_zone": "UTC"}
    if schedule is None:
        return values
    interval = re.search(r"INTERVAL=([0-9]+)", schedule.rrule or "", re.IGNORECASE)
    values |= {
        "repeat": "daily" if schedule.rrule else "once",
        "every_days": interval[1] if interval else "1",
        "start": schedule.start.isoformat()[:_MINUTES],
        "time_zone": schedule.time_zone,
    }
    if schedule.until is not None:
        values |= {"end": "until", "until": schedule.until.date().isoformat()}
    elif schedule.count is not None:
        values |= {"end": "count", "count": str(schedule.count)}
    return values


def schedule_document(values: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the API's schedule, None for no schedule; what makes no sense is left for the checks to refuse."""
    if values.get("repeat") not in {"once", "daily"}:
        return None
    daily = values["repeat"] == "daily"
    end = values.get("end") if daily else "never"
    return {
        "start": values.get("start", ""),
        "time_zone": values.get("time_zone", ""),
        "rrule": f"FREQ=DAILY;INTERVAL={values.get('every_days') or '1'}" if daily else None,
        "until": values.get("until", "") if end == "until" else None,
        "count": values.get("count", "") if end == "count" else None,
    }
