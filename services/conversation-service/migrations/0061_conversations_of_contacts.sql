-- no-transaction
-- The conversations of a person.
CREATE INDEX CONCURRENTLY IF NOT EXISTS conversation_contact ON conversation (workspace_id, contact_id) WHERE contact_id IS NOT NULL;
