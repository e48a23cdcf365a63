"""Postgres plumbing: the pool, migrations, waking by NOTIFY, and the outbox."""
