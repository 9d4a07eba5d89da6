-- no-transaction
-- Takes the place of purchase_owner: what segments sum up by contact is read from it alone.
CREATE INDEX CONCURRENTLY IF NOT EXISTS purchase_sums ON purchase (workspace_id, owner_id, placed_at)
  INCLUDE (status, currency, total_minor) WHERE owner_id IS NOT NULL;
