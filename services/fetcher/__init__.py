"""Fetcher: gets the file, hashes it, stores it sealed and cut into chunks; tries sources for those who set them up.

Hears `import.requested`, `connection.test.requested`. Says `chunk.ready`, `file.fetched`, `import.progressed`,
`import.stopped`, `connection.tested`.
Owns nothing: no database; all it needs is in the event.
"""
