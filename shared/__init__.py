"""What the services share: event contracts, pure rules, and the plumbing to Kafka, Postgres and the object store."""
