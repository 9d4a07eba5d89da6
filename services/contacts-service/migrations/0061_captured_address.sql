-- no-transaction
-- Whoever deletes an address has its captures looked for.
CREATE INDEX CONCURRENTLY IF NOT EXISTS captured_address ON captured (workspace_id, address_id) WHERE address_id IS NOT NULL;
