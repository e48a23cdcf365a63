-- Mails that are due, were sent or were refused. A mail keeps its content until the server has taken it for all of its
-- addresses or refused it for good: what is sent again is the very same. `id` is that of what the mail is about.
CREATE TABLE outgoing_mails (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('run', 'warning', 'summary', 'test')),
    import_id uuid REFERENCES imports ON DELETE CASCADE,
    run_id uuid REFERENCES runs ON DELETE CASCADE,
    message_id text NOT NULL,
    -- Who is to get it still, and at the end who was the last to.
    recipients text[] NOT NULL,
    -- Null where nothing is to be sent any more, or was to be; of a test nobody has written it yet.
    content bytea,
    prepared_at timestamptz NOT NULL,
    -- Null: nothing more is to be done.
    next_try_at timestamptz,
    tries integer NOT NULL DEFAULT 0,
    deferred_since timestamptz,
    -- Why it waits, in words.
    trouble text,
    -- By address what the server answered to those that it refused for good.
    refused jsonb NOT NULL DEFAULT '{}',
    -- When the server first took it for any address; null: for none.
    sent_at timestamptz
);
CREATE INDEX outgoing_mails_due ON outgoing_mails (next_try_at) WHERE next_try_at IS NOT NULL;
CREATE INDEX outgoing_mails_of_import ON outgoing_mails (import_id);
CREATE INDEX outgoing_mails_of_run ON outgoing_mails (run_id);
CREATE TRIGGER outgoing_mails_due AFTER INSERT ON outgoing_mails
    FOR EACH STATEMENT EXECUTE FUNCTION notify_channel('outgoing_mails');

-- What was sent is not sent again; what was not is noted anew from its event, which is still to be handled.
INSERT INTO outgoing_mails (id, kind, import_id, run_id, message_id, recipients, prepared_at, sent_at)
SELECT m.run_id, 'run', r.import_id, m.run_id, m.message_id, m.recipients, m.prepared_at, m.sent_at
FROM mails m JOIN runs r ON r.id = m.run_id WHERE m.sent_at IS NOT NULL;
INSERT INTO outgoing_mails (id, kind, import_id, message_id, recipients, prepared_at, sent_at)
SELECT warning_id, 'warning', import_id, message_id, recipients, prepared_at, sent_at
FROM warning_mails WHERE sent_at IS NOT NULL;
DROP TABLE mails, warning_mails;

-- Of imports some of whose addresses are told of the same failure once, and then once a day.
CREATE TABLE mail_troubles (
    import_id uuid PRIMARY KEY REFERENCES imports ON DELETE CASCADE,
    reason text NOT NULL,
    began_at timestamptz NOT NULL,
    told_at timestamptz NOT NULL,
    -- Runs since then that nobody was told of.
    untold integer NOT NULL,
    last_at timestamptz NOT NULL,
    last_event jsonb NOT NULL
);
CREATE INDEX mail_troubles_untold ON mail_troubles (told_at) WHERE untold > 0;
