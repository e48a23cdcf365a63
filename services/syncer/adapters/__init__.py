"""The syncer's SQL: staging, plans, contacts."""
