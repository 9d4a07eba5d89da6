-- no-transaction
-- What an agent who has room for some kinds of channels is given first.
CREATE INDEX CONCURRENTLY IF NOT EXISTS request_queue_by_kind ON request (workspace_id, team, kind, priority, waiting_since, id)
  WHERE state = 'waiting';
