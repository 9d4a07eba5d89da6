-- Answers that were old already when they were first heard of are not followed up, nor are old messages confirmed.
ALTER TABLE unanswered ADD COLUMN too_old boolean NOT NULL DEFAULT false;
ALTER TABLE conversation_view ADD COLUMN customer_at timestamptz;

-- The newest word about an address counts, whichever is heard of first.
ALTER TABLE opt_out ADD COLUMN opted_out boolean NOT NULL DEFAULT true;
SELECT homing_protect('opt_out', 'SELECT, INSERT, UPDATE');

-- What is too old is deleted in batches, over all workspaces, by the worker.
CREATE INDEX timeline_age ON timeline USING brin (at);
CREATE INDEX receipt_age ON receipt USING brin (at);
CREATE INDEX send_limit_age ON send_limit (day);
SELECT homing_worker('timeline', 'workspace_id, conversation, number, at', '');
SELECT homing_worker('receipt', 'workspace_id, delivery, provider_id, status, at', '');
SELECT homing_worker('send_limit', 'workspace_id, scope, key, day', '');
DO $$ BEGIN
  EXECUTE format('GRANT DELETE ON timeline, receipt, send_limit TO %I', regexp_replace(current_user, '_owner$', '_worker'));
END $$;
