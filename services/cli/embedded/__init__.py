"""The embedded stack: Postgres, a Kafka-protocol broker, a mail sink, all services; one supervisor."""
