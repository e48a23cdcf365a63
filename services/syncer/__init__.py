"""Syncer: stages rows, plans what a run would do, applies it in one transaction.

Hears `file.fetched`, `rows.parsed`, `apply.requested`. Says `import.finished`, `import.stopped`, `contacts.changed`,
`service.reported`.
Owns contacts and what they are found by, staging, plans and their history. On the embedded broker it is told of an
import as soon as that is requested, so as to wait for its rows briefly.
"""
