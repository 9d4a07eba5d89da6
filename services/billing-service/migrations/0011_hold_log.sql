-- While a table is small, PostgreSQL takes any index that begins with workspace_id for as good as the primary key, and a
-- look-up by id then reads all of the workspace. With a condition, only the queries that have it can take the index.
DROP INDEX hold_log;
CREATE INDEX hold_log ON hold (workspace_id, created_at DESC, id DESC) WHERE kind IS NOT NULL;
