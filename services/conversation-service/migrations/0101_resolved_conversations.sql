-- no-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS conversation_resolved_kept ON conversation (workspace_id, resolved_at, id)
  WHERE resolved_at IS NOT NULL AND erased_at IS NULL;
