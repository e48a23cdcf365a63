-- What a schedule remembers beside its rule: a pause, a try again, failures in a row, the next look for a new file.
ALTER TABLE imports
    ADD COLUMN retry_at timestamptz,
    ADD COLUMN retries integer NOT NULL DEFAULT 0,
    ADD COLUMN failures integer NOT NULL DEFAULT 0,
    ADD COLUMN pause_from timestamptz,
    ADD COLUMN pause_until timestamptz,
    ADD COLUMN pause_reason text,
    ADD COLUMN file_due_at timestamptz;
CREATE INDEX imports_file_due ON imports (file_due_at) WHERE deleted_at IS NULL AND file_due_at IS NOT NULL;

-- `due_at`: the occurrence that a scheduled run is for. `taken_up_at`: when a fetcher began with the attempt.
-- `follow_up`: its schedule has yet to draw the consequences of its end.
ALTER TABLE runs
    ADD COLUMN due_at timestamptz,
    ADD COLUMN taken_up_at timestamptz,
    ADD COLUMN follow_up boolean NOT NULL DEFAULT false;
CREATE INDEX runs_to_follow_up ON runs (id) WHERE follow_up AND finished_at IS NOT NULL;

CREATE INDEX runs_open_of_manager ON runs (manager_id) WHERE finished_at IS NULL;

-- One line for a span of occurrences that one cause took, from `due_at` to `last_due_at`.
ALTER TABLE missed_occurrences
    ADD COLUMN last_due_at timestamptz,
    ADD COLUMN occurrences integer NOT NULL DEFAULT 1,
    ADD COLUMN code text NOT NULL DEFAULT 'run_active',
    ADD COLUMN noted_at timestamptz NOT NULL DEFAULT now();

-- What the times in `imports.next_run_at` were computed with: the zones' rules, and the newest time seen on a clock.
CREATE TABLE schedule_basis (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    zone_data text NOT NULL,
    seen_at timestamptz NOT NULL
);

-- Mails about an import rather than a run; `warning_id` is the event's.
CREATE TABLE warning_mails (
    warning_id uuid PRIMARY KEY,
    import_id uuid NOT NULL REFERENCES imports ON DELETE CASCADE,
    message_id text NOT NULL,
    recipients text[] NOT NULL,
    prepared_at timestamptz NOT NULL,
    sent_at timestamptz
);

-- A run that ends makes room for another one of its manager.
CREATE TRIGGER runs_ended AFTER UPDATE OF finished_at ON runs
    FOR EACH STATEMENT EXECUTE FUNCTION notify_channel('runs_queued');
CREATE TRIGGER deadlines_set AFTER INSERT OR UPDATE OF file_due_at ON imports
    FOR EACH STATEMENT EXECUTE FUNCTION notify_channel('deadlines_set');
