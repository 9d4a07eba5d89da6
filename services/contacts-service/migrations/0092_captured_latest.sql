-- no-transaction
-- Segments by when somebody was last captured read it in its order. A condition that a look-up by id has not: while the table is small
-- any index is as good as the primary key.
CREATE INDEX CONCURRENTLY IF NOT EXISTS captured_latest ON captured (workspace_id, contact_id, at) WHERE at IS NOT NULL;
