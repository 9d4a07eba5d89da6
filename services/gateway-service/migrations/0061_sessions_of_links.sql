-- no-transaction
-- The sessions out of return links to an erased conversation.
CREATE INDEX CONCURRENTLY IF NOT EXISTS session_scope ON session (workspace_id, scope_conversation)
  WHERE scope_conversation IS NOT NULL;
