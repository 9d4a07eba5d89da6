-- no-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS star_told ON star (workspace_id, agent_id, reminded_at) WHERE reminded_at IS NOT NULL;
