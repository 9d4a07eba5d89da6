-- While a table is small, PostgreSQL takes any index that begins with workspace_id for as good as the primary key, and a
-- look-up by id then reads all of the workspace. With a condition, only the queries that have it can take the index;
-- `conversation = $1` implies this one.
DROP INDEX delivery_of_conversation;
CREATE INDEX delivery_of_conversation ON delivery (workspace_id, conversation, created_at) WHERE conversation IS NOT NULL;
DROP INDEX follow_up_of_conversation;
CREATE INDEX follow_up_of_conversation ON follow_up (workspace_id, conversation, id) WHERE conversation IS NOT NULL;
