-- Whether the run, taken up by a fetcher, waits there for its turn; and when a parser began with the attempt.
ALTER TABLE runs
    ADD COLUMN waits_for_turn boolean NOT NULL DEFAULT false,
    ADD COLUMN parsed_from timestamptz;

-- What came by a deadline is asked by when runs were due and queued.
DROP INDEX runs_finished;
