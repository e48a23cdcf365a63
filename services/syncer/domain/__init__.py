"""The syncer's rules: what a plan may do, and how a run must balance; nothing here does I/O."""
