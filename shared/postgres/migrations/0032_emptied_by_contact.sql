-- The search's entries of a field that is wanted no more are taken out in the order of the contacts: `place` is a unique
-- id in every state.
UPDATE search_fields SET place = '' WHERE state = 'emptying';
-- Draft imports that were thrown away, until the scheduler deletes them.
CREATE INDEX imports_thrown_away ON imports (deleted_at) WHERE is_draft;
