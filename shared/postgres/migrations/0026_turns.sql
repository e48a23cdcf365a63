-- Whether the run, taken up by a fetcher, waits there for its turn.
ALTER TABLE runs ADD COLUMN waits_for_turn boolean NOT NULL DEFAULT false;
