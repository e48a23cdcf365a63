-- Who may use the system: people sign in with a password, programs with a token; both are kept as hashes only.
CREATE TABLE accounts (
    id uuid PRIMARY KEY,
    login text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE api_tokens (
    token_sha256 bytea PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    created_at timestamptz NOT NULL
);

CREATE TABLE sessions (
    session_sha256 bytea PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    csrf_token text NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE TABLE idempotency_keys (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    key text NOT NULL,
    request_sha256 bytea NOT NULL,
    status integer NOT NULL,
    body jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, key)
);

-- A contact manager, its fields, its contacts. Owner of contacts: syncer; of managers, fields, imports: web.
CREATE TABLE managers (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    key_field integer,
    contact_count bigint NOT NULL DEFAULT 0,
    change_number bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL
);

CREATE TABLE fields (
    manager_id uuid NOT NULL REFERENCES managers ON DELETE CASCADE,
    number integer NOT NULL,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('text', 'email', 'phone', 'number', 'date', 'password')),
    PRIMARY KEY (manager_id, number),
    UNIQUE (manager_id, name)
);

-- `fields`: values by field number, without the key field (that is unique_id), empty values and passwords.
CREATE TABLE contacts (
    manager_id uuid NOT NULL REFERENCES managers ON DELETE CASCADE,
    unique_id text COLLATE "C" NOT NULL,
    fields jsonb NOT NULL,
    change_number bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    last_run_id uuid,
    PRIMARY KEY (manager_id, unique_id)
);

CREATE TABLE contact_passwords (
    manager_id uuid NOT NULL,
    unique_id text COLLATE "C" NOT NULL,
    field integer NOT NULL,
    hash text NOT NULL,
    fingerprint text NOT NULL,
    PRIMARY KEY (manager_id, unique_id, field),
    FOREIGN KEY (manager_id, unique_id) REFERENCES contacts ON DELETE CASCADE
);

CREATE TABLE uploads (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    object_key text NOT NULL,
    bytes bigint NOT NULL,
    sha256 text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE imports (
    id uuid PRIMARY KEY,
    manager_id uuid NOT NULL REFERENCES managers ON DELETE CASCADE,
    name text NOT NULL,
    setup jsonb NOT NULL,
    schedule jsonb,
    next_run_at timestamptz,
    host_key text,
    created_at timestamptz NOT NULL,
    deleted_at timestamptz
);
CREATE INDEX imports_due ON imports (next_run_at) WHERE deleted_at IS NULL AND next_run_at IS NOT NULL;
CREATE INDEX imports_of_manager ON imports (manager_id);

-- One execution of an import. Owner: scheduler; others through shared/store/.
CREATE TABLE runs (
    id uuid PRIMARY KEY,
    import_id uuid NOT NULL REFERENCES imports ON DELETE CASCADE,
    manager_id uuid NOT NULL,
    trigger text NOT NULL,
    dry_run boolean NOT NULL,
    status text NOT NULL,
    attempt integer NOT NULL DEFAULT 0,
    setup jsonb NOT NULL,
    setup_fingerprint text NOT NULL,
    queued_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    beat_at timestamptz,
    waited_ms integer NOT NULL DEFAULT 0,
    bytes bigint NOT NULL DEFAULT 0,
    bytes_total bigint,
    rows_staged bigint NOT NULL DEFAULT 0,
    stored jsonb,
    file_name text,
    file_bytes bigint,
    file_sha256 text,
    plan_change_number bigint,
    counts jsonb,
    balance jsonb,
    error_code text,
    error_message text
);
CREATE UNIQUE INDEX runs_active ON runs (import_id)
    WHERE status IN ('queued', 'fetching', 'staging', 'planning', 'applying');
CREATE INDEX runs_of_import ON runs (import_id, queued_at DESC);
CREATE INDEX runs_open ON runs (status) WHERE finished_at IS NULL;

CREATE TABLE run_steps (
    run_id uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
    attempt integer NOT NULL,
    step text NOT NULL,
    service text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (run_id, attempt, step)
);

CREATE TABLE run_problems (
    run_id uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
    ordinal bigint GENERATED ALWAYS AS IDENTITY,
    line bigint,
    severity text NOT NULL CHECK (severity IN ('error', 'warning')),
    code text NOT NULL,
    message text NOT NULL,
    column_name text,
    unique_id text,
    PRIMARY KEY (run_id, ordinal)
);

CREATE TABLE missed_occurrences (
    import_id uuid NOT NULL REFERENCES imports ON DELETE CASCADE,
    due_at timestamptz NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (import_id, due_at)
);

-- Staging belongs to (run, attempt, SHA-256). What was staged is counted in logged tables, so that rows which a crash
-- of Postgres took from the unlogged one are missed.
CREATE TABLE staging_sets (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
    attempt integer NOT NULL,
    sha256 text NOT NULL,
    chunks integer,
    text_bytes bigint,
    UNIQUE (run_id, attempt, sha256)
);

CREATE TABLE staged_batches (
    set_id bigint NOT NULL REFERENCES staging_sets ON DELETE CASCADE,
    chunk integer NOT NULL,
    first bigint NOT NULL,
    count bigint NOT NULL,
    is_last boolean NOT NULL,
    chunk_bytes bigint NOT NULL,
    good integer NOT NULL,
    rejected integer NOT NULL,
    PRIMARY KEY (set_id, chunk, first)
);

CREATE UNLOGGED TABLE staged_rows (
    set_id bigint NOT NULL,
    line bigint NOT NULL,
    unique_id text COLLATE "C",
    fields jsonb NOT NULL,
    passwords jsonb
);
CREATE INDEX staged_rows_set ON staged_rows (set_id);

CREATE TABLE staged_rejections (
    set_id bigint NOT NULL REFERENCES staging_sets ON DELETE CASCADE,
    line bigint NOT NULL,
    unique_id text COLLATE "C",
    id_unreadable boolean NOT NULL,
    problems jsonb NOT NULL
);
CREATE INDEX staged_rejections_set ON staged_rejections (set_id);

-- Everything a run would do, or did: before its first write, and for ever after. Before and after as contacts.fields.
CREATE TABLE plan_changes (
    run_id uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
    ordinal bigint NOT NULL,
    change text NOT NULL CHECK (change IN ('added', 'updated', 'deleted')),
    unique_id text COLLATE "C" NOT NULL,
    line bigint,
    before jsonb,
    after jsonb,
    PRIMARY KEY (run_id, ordinal)
);

-- Passwords that a plan changes: sealed until hashed, hashed until applied.
CREATE TABLE plan_passwords (
    run_id uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
    unique_id text COLLATE "C" NOT NULL,
    field integer NOT NULL,
    fingerprint text NOT NULL,
    sealed text,
    hash text,
    PRIMARY KEY (run_id, unique_id, field)
);

-- Events that belong to a database change, written with it; relayed by the scheduler in the order of their ids.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    key text NOT NULL,
    headers jsonb NOT NULL,
    body text NOT NULL,
    resend boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz
);
CREATE INDEX outbox_waiting ON outbox (id) WHERE published_at IS NULL;
CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;

CREATE TABLE mails (
    run_id uuid PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
    message_id text NOT NULL,
    recipients text[] NOT NULL,
    prepared_at timestamptz NOT NULL,
    sent_at timestamptz
);

-- The embedded broker keeps nothing over a restart; a new row here says that it began anew.
CREATE TABLE broker_incarnations (
    id uuid PRIMARY KEY,
    began_at timestamptz NOT NULL,
    handled_at timestamptz
);

CREATE FUNCTION notify_channel() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(TG_ARGV[0], '');
    RETURN NULL;
END
$$;
CREATE TRIGGER outbox_said AFTER INSERT ON outbox
    FOR EACH STATEMENT EXECUTE FUNCTION notify_channel('outbox');
CREATE TRIGGER runs_queued AFTER INSERT ON runs
    FOR EACH STATEMENT EXECUTE FUNCTION notify_channel('runs_queued');
CREATE TRIGGER imports_scheduled AFTER INSERT OR UPDATE OF next_run_at ON imports
    FOR EACH STATEMENT EXECUTE FUNCTION notify_channel('imports_scheduled');
CREATE TRIGGER broker_began AFTER INSERT ON broker_incarnations
    FOR EACH STATEMENT EXECUTE FUNCTION notify_channel('broker_began');
