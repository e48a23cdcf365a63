-- Which scheduler noted the basis, and whether one with older rules of the zones is still at work beside it.
ALTER TABLE schedule_basis
    ADD COLUMN seen_by uuid,
    ADD COLUMN older boolean NOT NULL DEFAULT false;

-- A deadline is looked at later while a run that may bring the file is still to come or under way.
ALTER TABLE imports ADD COLUMN file_look_at timestamptz;
DROP INDEX imports_file_due;
CREATE INDEX imports_file_due ON imports (greatest(file_due_at, file_look_at))
    WHERE deleted_at IS NULL AND file_due_at IS NOT NULL;
