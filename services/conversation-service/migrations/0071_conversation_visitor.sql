-- no-transaction
-- What a visitor said before anybody knew who they are.
CREATE INDEX CONCURRENTLY IF NOT EXISTS conversation_visitor ON conversation (workspace_id, visitor_id)
  WHERE visitor_id IS NOT NULL AND contact_id IS NULL;
