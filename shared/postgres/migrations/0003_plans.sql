-- Staging: batches as they came, beside a narrow table of key, row hash and line. A file of a single batch needs no
-- table of its own; any other gets two in the schema `staging`, named by its set, dropped when its run has ended, so
-- that nothing is left behind that has to be vacuumed.
DROP TABLE staged_rows;

CREATE SCHEMA staging;

ALTER TABLE staging_sets
    ADD COLUMN is_wide boolean NOT NULL DEFAULT false,
    ADD COLUMN has_tables boolean NOT NULL DEFAULT false;

CREATE UNLOGGED TABLE staged_bytes (
    set_id bigint NOT NULL,
    chunk integer NOT NULL,
    first bigint NOT NULL,
    first_line bigint NOT NULL,
    lines bigint NOT NULL,
    rows bytea STORAGE EXTERNAL NOT NULL,
    id_hashes bytea STORAGE EXTERNAL NOT NULL,
    passwords jsonb,
    PRIMARY KEY (set_id, chunk, first)
);

-- What a row hash is over: the same fields in order, kinds, trimming, letters, hash version and key.
CREATE TABLE row_schemes (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    manager_id uuid NOT NULL REFERENCES managers ON DELETE CASCADE,
    digest text NOT NULL,
    UNIQUE (manager_id, digest)
);

-- Tables that runs write by the million have no foreign keys, each of which costs as much as the row itself; whoever
-- deletes a manager deletes them with it.
ALTER TABLE contacts DROP CONSTRAINT contacts_manager_id_fkey;
ALTER TABLE contact_passwords DROP CONSTRAINT contact_passwords_manager_id_unique_id_fkey;
ALTER TABLE plan_changes DROP CONSTRAINT plan_changes_run_id_fkey;
ALTER TABLE plan_passwords DROP CONSTRAINT plan_passwords_run_id_fkey;

-- `row_hash`, `row_scheme`: of the row that a run wrote, until anything else writes the contact. `log_line`: of a first
-- load, whose log of an added contact is the contact itself, for as long as nothing else has written it.
ALTER TABLE contacts
    ADD COLUMN row_hash bigint,
    ADD COLUMN row_scheme integer,
    ADD COLUMN log_line bigint;
CREATE INDEX contacts_by_change ON contacts (manager_id, change_number);

-- A run may approve another's plan, or undo another run; a run that was applied knows the numbers of its changes.
ALTER TABLE runs
    ADD COLUMN approves uuid REFERENCES runs ON DELETE SET NULL,
    ADD COLUMN undoes uuid REFERENCES runs ON DELETE SET NULL,
    ADD COLUMN undone_by uuid REFERENCES runs ON DELETE SET NULL,
    ADD COLUMN additions_and_updates_only boolean NOT NULL DEFAULT false,
    ADD COLUMN requested_by uuid REFERENCES accounts ON DELETE SET NULL,
    ADD COLUMN reason text,
    ADD COLUMN row_scheme integer,
    ADD COLUMN plan_fields integer[],
    ADD COLUMN is_first_load boolean NOT NULL DEFAULT false,
    ADD COLUMN applied_at timestamptz,
    ADD COLUMN notes jsonb NOT NULL DEFAULT '[]';
CREATE INDEX runs_approving ON runs (approves) WHERE approves IS NOT NULL;
UPDATE runs SET applied_at = finished_at WHERE status IN ('succeeded', 'succeeded_with_errors');

-- `number`: that of the manager's change, once the run is applied. `kept`: mapped fields whose stored values stay.
ALTER TABLE plan_changes
    ADD COLUMN manager_id uuid,
    ADD COLUMN number bigint,
    ADD COLUMN row_hash bigint,
    ADD COLUMN kept integer[];
UPDATE plan_changes p SET manager_id = r.manager_id,
    number = p.ordinal + coalesce(r.plan_change_number, 0) FROM runs r WHERE r.id = p.run_id;
ALTER TABLE plan_changes
    ALTER COLUMN manager_id SET NOT NULL,
    ALTER COLUMN number SET NOT NULL;
CREATE INDEX plan_changes_of_contact ON plan_changes (manager_id, unique_id);
CREATE INDEX plan_changes_by_number ON plan_changes (manager_id, number);

-- A password that a plan sets (sealed until hashed) or, without a fingerprint, takes out; and what was there before, so
-- that it can come back.
ALTER TABLE plan_passwords
    ALTER COLUMN fingerprint DROP NOT NULL,
    ADD COLUMN before_hash text,
    ADD COLUMN before_fingerprint text;

-- Contacts changed by hand: the other half of the log of changes.
CREATE TABLE hand_edits (
    manager_id uuid NOT NULL REFERENCES managers ON DELETE CASCADE,
    number bigint NOT NULL,
    change text NOT NULL CHECK (change IN ('added', 'updated', 'deleted')),
    unique_id text COLLATE "C" NOT NULL,
    before jsonb,
    after jsonb,
    passwords integer[] NOT NULL DEFAULT '{}',
    account_id uuid REFERENCES accounts ON DELETE SET NULL,
    edited_at timestamptz NOT NULL,
    PRIMARY KEY (manager_id, number)
);
CREATE INDEX hand_edits_of_contact ON hand_edits (manager_id, unique_id);

-- Every change of every contact, once: by runs and undos, by hand, and by first loads that are their own log.
CREATE VIEW change_log AS
SELECT p.manager_id, p.number, p.change, p.unique_id, p.run_id, NULL::uuid AS account_id, p.line, p.before, p.after,
    r.applied_at AS changed_at
FROM plan_changes p JOIN runs r ON r.id = p.run_id WHERE r.applied_at IS NOT NULL
UNION ALL
SELECT manager_id, number, change, unique_id, NULL, account_id, NULL, before, after, edited_at FROM hand_edits
UNION ALL
SELECT manager_id, change_number, 'added', unique_id, last_run_id, NULL, log_line, NULL, fields, updated_at
FROM contacts WHERE log_line IS NOT NULL;

-- How far `contacts.changed` has been said, for each manager.
CREATE TABLE change_feeds (
    manager_id uuid PRIMARY KEY REFERENCES managers ON DELETE CASCADE,
    said_number bigint NOT NULL,
    said_at timestamptz NOT NULL
);
ALTER TABLE broker_incarnations
    ADD COLUMN rewound_at timestamptz;
