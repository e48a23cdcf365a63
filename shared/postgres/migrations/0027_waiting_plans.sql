-- Plans that wait to be approved: few beside all runs of an import that runs every few minutes.
CREATE INDEX runs_waiting ON runs (import_id, number) WHERE status IN ('planned', 'refused');
