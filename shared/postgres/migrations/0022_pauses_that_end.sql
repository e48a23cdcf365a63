-- A pause ends at its time, also where nothing is due after it.
CREATE INDEX imports_pause_until ON imports (pause_until) WHERE deleted_at IS NULL AND pause_until IS NOT NULL;
