-- no-transaction
-- The sessions of a person who is erased.
CREATE INDEX CONCURRENTLY IF NOT EXISTS session_visitor ON session (workspace_id, visitor) WHERE visitor IS NOT NULL;
