-- no-transaction
-- The open conversation of who calls.
CREATE INDEX CONCURRENTLY IF NOT EXISTS conversation_open_number ON conversation (workspace_id, phone_address, number)
  WHERE resolved_at IS NULL AND phone_address IS NOT NULL;
