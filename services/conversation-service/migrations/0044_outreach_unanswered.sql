-- no-transaction
-- Nobody gets a second first message on a channel while the first has no answer and stands open. By the number: contacts become one.
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS conversation_unanswered ON conversation (workspace_id, phone_address, channel_id)
  WHERE outreach AND resolved_at IS NULL AND customer_up_to = 0;
