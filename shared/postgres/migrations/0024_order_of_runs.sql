-- The order in which runs were queued, which of one import is also that in which they end. Clocks can be set back, and
-- ids are made from them.
ALTER TABLE runs ADD COLUMN number bigint;
UPDATE runs SET number = o.number
FROM (SELECT id, row_number() OVER (ORDER BY queued_at, id) AS number FROM runs) AS o WHERE o.id = runs.id;
ALTER TABLE runs ALTER COLUMN number SET NOT NULL;
ALTER TABLE runs ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY;
SELECT setval(pg_get_serial_sequence('runs', 'number'), coalesce(max(number), 0) + 1, false) FROM runs;

DROP INDEX runs_last_applied;
CREATE INDEX runs_last_applied ON runs (import_id, number DESC)
    WHERE applied_at IS NOT NULL AND undoes IS NULL AND NOT additions_and_updates_only;
