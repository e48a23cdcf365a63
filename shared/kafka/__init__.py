"""Kafka plumbing: a broker with safe settings, delivery with retries and dead letters, publishing, topics."""
