"""CloudEvents 1.0 attributes of an event, as Kafka headers in binary mode."""

from shared.events.base import Event, RunEvent


def cloud_event_headers(event: Event, source: str) -> dict[str, str]:
    """Return the CloudEvents attributes of an event as Kafka headers."""
    headers = {
        "content-type": event.content_type,
        "ce_specversion": "1.0",
        "ce_type": event.event_type,
        "ce_source": source,
        "ce_id": str(event.event_id),
        "ce_time": event.occurred_at.isoformat(),
    }
    if isinstance(event, RunEvent):
        headers["ce_subject"] = str(event.run_id)
    return headers
