-- One row while an admin has paused all writing of changes to contacts by runs; none else.
CREATE TABLE applies_pause (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    since timestamptz NOT NULL,
    login text,
    reason text NOT NULL
);
