"""Fetcher: gets the file, hashes it, stores it sealed and cut into chunks.

Hears `import.requested`. Says `chunk.ready`, `file.fetched`, `import.progressed`, `import.stopped`.
Owns nothing: no database; all it needs is in the event.
"""
