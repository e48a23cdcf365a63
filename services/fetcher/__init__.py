"""Fetcher: gets the file, hashes it, stores it sealed and cut into chunks; tries and shows sources before that.

Hears `import.requested`, `import.cancelled`, `connection.test.requested`, `preview.requested`. Says `chunk.ready`,
`file.fetched`, `import.progressed`, `import.stopped`, `connection.tested`, `preview.fetched`,
`service.reported`.
Owns nothing: no database; all it needs is in the event.
"""
