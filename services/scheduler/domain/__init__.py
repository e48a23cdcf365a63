"""The scheduler's rules; nothing here does I/O."""
