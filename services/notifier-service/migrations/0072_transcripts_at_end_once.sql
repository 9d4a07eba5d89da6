-- no-transaction
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS delivery_transcript_at_end ON delivery (workspace_id, conversation)
  WHERE purpose = 'transcript_at_end';
