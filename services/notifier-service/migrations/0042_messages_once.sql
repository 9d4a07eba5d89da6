-- no-transaction
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS delivery_message ON delivery (workspace_id, conversation, seq)
  WHERE purpose = 'message';
