-- no-transaction
-- Whoever deletes a contact has its purchases looked for.
CREATE INDEX CONCURRENTLY IF NOT EXISTS purchase_contact ON purchase (workspace_id, contact_id) WHERE contact_id IS NOT NULL;
