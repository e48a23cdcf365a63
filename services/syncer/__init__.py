"""Syncer: stages rows, plans what a run would do, applies it in one transaction.

Hears `file.fetched`, `rows.parsed`, `apply.requested`. Says `import.finished`, `import.stopped`.
Owns contacts, staging, plans and their history.
"""
