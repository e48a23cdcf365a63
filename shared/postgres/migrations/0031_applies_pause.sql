-- The newest pause of all writing of changes to contacts by runs; on while it has not ended.
CREATE TABLE applies_pause (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    since timestamptz NOT NULL,
    ended_at timestamptz,
    login text,
    reason text NOT NULL
);

-- The newest run of an import, and the problems of a run in the order of their lines, are asked for by every page.
CREATE INDEX runs_of_import_by_id ON runs (import_id, id);
CREATE INDEX run_problems_by_line ON run_problems (run_id, coalesce(line, 0), ordinal);
