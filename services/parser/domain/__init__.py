"""The parser's rules: which rows are good, and how they are dealt into batches; nothing here does I/O."""
