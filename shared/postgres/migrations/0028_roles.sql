-- What each account may do. Those that were there could do everything, and still can.
ALTER TABLE accounts
    ADD COLUMN role text NOT NULL DEFAULT 'admin' CHECK (role IN ('viewer', 'editor', 'approver', 'admin')),
    ADD COLUMN must_change_password boolean NOT NULL DEFAULT false,
    ADD COLUMN deactivated_at timestamptz;
ALTER TABLE accounts ALTER COLUMN role DROP DEFAULT;

-- A token does what its scope and its account's role both allow. Revoked ones stay, so that none comes back.
ALTER TABLE api_tokens
    ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    ADD COLUMN name text NOT NULL DEFAULT 'without a name',
    ADD COLUMN scope text NOT NULL DEFAULT 'admin' CHECK (scope IN ('viewer', 'editor', 'approver', 'admin')),
    ADD COLUMN last_used_at timestamptz,
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN revoked_at timestamptz;
ALTER TABLE api_tokens
    ALTER COLUMN id DROP DEFAULT,
    ALTER COLUMN name DROP DEFAULT,
    ALTER COLUMN scope DROP DEFAULT;
CREATE INDEX api_tokens_of_account ON api_tokens (account_id);
CREATE INDEX sessions_of_account ON sessions (account_id);

-- Who changed what, for as long as the database lasts: nothing in it refers to rows that may be deleted.
-- `login` is null where it was done by a command on the server; `token` is the name of the API token it came with.
CREATE TABLE audit_log (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    account_id uuid,
    login text,
    token text,
    what text NOT NULL,
    object_kind text NOT NULL,
    object_id uuid NOT NULL,
    object_name text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_of_object ON audit_log (object_id, number);
