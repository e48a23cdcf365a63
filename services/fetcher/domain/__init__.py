"""The fetcher's rules: where a file may be cut into chunks; nothing here does I/O."""
