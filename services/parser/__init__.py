"""Parser: reads a chunk of a stored file into rows, good or rejected, and the beginning of a file into a preview.

Hears `chunk.ready`, `preview.fetched`. Says `rows.parsed`, `import.progressed`, `import.stopped`, `preview.ready`,
`service.reported`.
Owns nothing: no database; parts of one file are parsed by as many parsers as there are. On the embedded broker it is
told of an import as soon as that is requested, so as to wait for its chunks briefly.
"""
