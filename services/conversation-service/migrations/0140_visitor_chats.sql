-- no-transaction
-- The chats of a visitor, newest first: who starts from two tabs has one.
CREATE INDEX CONCURRENTLY IF NOT EXISTS conversation_of_visitor ON conversation (workspace_id, visitor_id, number DESC)
  WHERE visitor_id IS NOT NULL;
