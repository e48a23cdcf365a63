"""The scheduler's SQL, and the relay from outbox to broker."""
