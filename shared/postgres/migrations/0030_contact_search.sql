-- What the contacts page finds contacts by, beside their unique ids: the values of fields marked searchable, folded and
-- cut. Written by the syncer after the commit of what changed the contacts, so that no run waits for it; like all that
-- is written by the million it has no foreign keys.
CREATE TABLE contact_search (
    manager_id uuid NOT NULL,
    unique_id text COLLATE "C" NOT NULL,
    field integer NOT NULL,
    value text COLLATE "C" NOT NULL,
    PRIMARY KEY (manager_id, unique_id, field)
);
CREATE INDEX contact_search_by_value ON contact_search (manager_id, field, value, unique_id);

-- How far a manager's changes are in it; only managers with searchable fields have a row. Who works on a manager's
-- search holds its row.
CREATE TABLE search_cursors (
    manager_id uuid PRIMARY KEY REFERENCES managers ON DELETE CASCADE,
    indexed_number bigint NOT NULL
);

-- The searchable fields of a manager. `is_wanted`: marked by people. A field that was newly marked is `filling` from the
-- contacts, by `contacts_filled` of them up to the unique id `place`; one that is wanted no more is `emptying`, up to the
-- value `place`.
CREATE TABLE search_fields (
    manager_id uuid NOT NULL REFERENCES search_cursors ON DELETE CASCADE,
    field integer NOT NULL,
    is_wanted boolean NOT NULL DEFAULT true,
    state text NOT NULL DEFAULT 'filling' CHECK (state IN ('filling', 'filled', 'emptying')),
    place text COLLATE "C" NOT NULL DEFAULT '',
    contacts_filled bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (manager_id, field)
);
CREATE TRIGGER search_marked AFTER INSERT OR UPDATE OF is_wanted ON search_fields
    FOR EACH STATEMENT EXECUTE FUNCTION notify_channel('search_marked');
