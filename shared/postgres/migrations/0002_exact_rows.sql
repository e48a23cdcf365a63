-- What each batch accounts for, record by record and line by line; and where in the stored file a rejected row stands.
ALTER TABLE staging_sets
    ADD COLUMN lines bigint;

ALTER TABLE staged_batches
    ADD COLUMN first_line bigint NOT NULL DEFAULT 1,
    ADD COLUMN lines bigint NOT NULL DEFAULT 0,
    ADD COLUMN blank bigint NOT NULL DEFAULT 0,
    ADD COLUMN header bigint NOT NULL DEFAULT 0,
    ADD COLUMN skipped bigint NOT NULL DEFAULT 0,
    ADD COLUMN fields integer[] NOT NULL DEFAULT '{}',
    ADD COLUMN missing_columns text[] NOT NULL DEFAULT '{}';

-- `kept`: fields of which the stored values stay, since their kinds refused the file's.
ALTER TABLE staged_rows
    ADD COLUMN kept integer[];

ALTER TABLE staged_rejections
    ADD COLUMN row_offset bigint,
    ADD COLUMN row_length bigint;

CREATE TABLE staged_warnings (
    set_id bigint NOT NULL REFERENCES staging_sets ON DELETE CASCADE,
    line bigint NOT NULL,
    unique_id text COLLATE "C",
    problems jsonb NOT NULL
);
CREATE INDEX staged_warnings_set ON staged_warnings (set_id);

ALTER TABLE run_problems
    ADD COLUMN row_offset bigint,
    ADD COLUMN row_length bigint;
