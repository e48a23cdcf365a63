"""Scheduler: starts every run, watches it, and closes it.

Hears `import.progressed`, `import.stopped`. Says `import.requested`, `apply.requested`, `import.cancelled`,
`import.finished`, `import.warned`, `service.reported`; it also relays the outbox.
Owns runs. Replicas share the work by SKIP LOCKED; there is no leader.
"""
