"""Metrics of delivery, each once, with its meaning."""

from prometheus_client import Counter, Gauge, Histogram

EVENTS_HANDLED = Counter(
    "contacts_sync_events_handled",
    "Events by what became of them: ok or dead_letter",
    ["service", "topic", "outcome"],
)
HANDLING_SECONDS = Histogram(
    "contacts_sync_handling_seconds",
    "Time from taking up an event to its end, waits included",
    ["service", "topic"],
)
DEAD_LETTERS = Counter(
    "contacts_sync_dead_letters", "Records set aside, by stable error code", ["service", "topic", "code"]
)
CONSUMER_LAG = Gauge(
    "contacts_sync_consumer_lag",
    "Records that nobody has taken up, of the partitions that this process has",
    ["service", "topic"],
)
