"""Parser: reads a chunk of a stored file into rows, good or rejected.

Hears `chunk.ready`. Says `rows.parsed`, `import.progressed`, `import.stopped`.
Owns nothing: no database; parts of one file are parsed by as many parsers as there are.
"""
