-- Spans of different causes may begin with the same occurrence: one that was missed, and came again after a clock was
-- set back.
ALTER TABLE missed_occurrences DROP CONSTRAINT missed_occurrences_pkey;
ALTER TABLE missed_occurrences ADD PRIMARY KEY (import_id, due_at, code);
