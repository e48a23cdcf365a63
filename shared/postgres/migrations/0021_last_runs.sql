-- An import's newest runs are found without reading its history: what it applied last, and what came lately.
CREATE INDEX runs_last_applied ON runs (import_id, finished_at DESC)
    WHERE applied_at IS NOT NULL AND undoes IS NULL AND NOT additions_and_updates_only;
CREATE INDEX runs_finished ON runs (import_id, finished_at);
