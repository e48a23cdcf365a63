-- A set-up that nobody has finished, saved so that a dry run can show what it would do. No list has it, and nothing that
-- a scheduler looks at is ever set in it.
ALTER TABLE imports
    ADD COLUMN is_draft boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT imports_draft_rests CHECK (
        NOT is_draft
        OR (schedule IS NULL AND next_run_at IS NULL AND file_due_at IS NULL AND retry_at IS NULL AND pause_from IS NULL));

-- What an account has entered of a set-up so far, without secrets. `edits` is the import that is edited, null for a new
-- one; `import_id` the draft of which its dry runs are.
CREATE TABLE import_drafts (
    id uuid PRIMARY KEY,
    manager_id uuid NOT NULL REFERENCES managers ON DELETE CASCADE,
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    edits uuid REFERENCES imports ON DELETE CASCADE,
    import_id uuid REFERENCES imports ON DELETE CASCADE,
    form jsonb NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX import_drafts_of_account ON import_drafts (manager_id, account_id, updated_at);
