"""What is noted of a record that is set aside, as headers beside its own."""

from datetime import datetime
from typing import Any

from shared.errors import ContactsSyncError
from shared.topics import Topic


def dead_letter_headers(
    topic: Topic,
    record: Any,  # noqa: ANN401 - aiokafka has no types
    error: Exception,
    *,
    code: str,
    service: str,
    at: datetime,
) -> dict[str, str]:
    """Return the record's headers and where, when and why it was set aside; of errors not our own the kind alone."""
    told = f"{type(error).__name__}: {error}" if isinstance(error, ContactsSyncError) else type(error).__name__
    return {name: value.decode() for name, value in record.headers} | {
        "dlq_topic": topic.name,
        "dlq_partition": str(record.partition),
        "dlq_offset": str(record.offset),
        "dlq_service": service,
        "dlq_code": code,
        "dlq_error": told,
        "dlq_at": at.isoformat(),
    }
