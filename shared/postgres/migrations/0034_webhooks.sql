-- Addresses of other systems that are told of what happens here. Owner: web; the notifier takes turns at them, and
-- disables those that fail for good. `secret` and `old_secret` are sealed. Who holds `turn` sends until `taken_until`.
CREATE TABLE webhooks (
    id uuid PRIMARY KEY,
    url text NOT NULL,
    events text[] NOT NULL,
    manager_id uuid REFERENCES managers ON DELETE CASCADE,
    secret text NOT NULL,
    old_secret text,
    old_secret_until timestamptz,
    state text NOT NULL DEFAULT 'enabled' CHECK (state IN ('enabled', 'paused', 'disabled')),
    reason text,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    succeeded_at timestamptz,
    rests_until timestamptz,
    turn uuid,
    taken_until timestamptz
);
CREATE INDEX webhooks_of_manager ON webhooks (manager_id);

-- Up to which change a webhook was told of a manager's contacts. None: of none, as of a manager that is newer than the
-- webhook. Neither these nor messages refer to managers, whose rows are locked while a run is applied.
CREATE TABLE webhook_cursors (
    webhook_id uuid NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    manager_id uuid NOT NULL,
    number bigint NOT NULL,
    told_at timestamptz NOT NULL,
    PRIMARY KEY (webhook_id, manager_id)
);
CREATE INDEX webhook_cursors_of_manager ON webhook_cursors (manager_id);

-- Messages to be sent, and what became of them. One of changes of contacts has no body, but the numbers of the changes:
-- the log of changes has what it says.
CREATE TABLE webhook_deliveries (
    id uuid PRIMARY KEY,
    webhook_id uuid NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    type text NOT NULL,
    event_id uuid,
    body text,
    manager_id uuid,
    first_number bigint,
    last_number bigint,
    created_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
    next_try_at timestamptz,
    tries integer NOT NULL DEFAULT 0,
    tried_at timestamptz,
    status integer,
    error text,
    delivered_at timestamptz,
    UNIQUE (webhook_id, event_id),
    CHECK ((state = 'pending') = (next_try_at IS NOT NULL)),
    CHECK ((body IS NULL) = (manager_id IS NOT NULL AND first_number <= last_number))
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, next_try_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_by_id ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_of_manager ON webhook_deliveries (manager_id) WHERE manager_id IS NOT NULL;
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at);
