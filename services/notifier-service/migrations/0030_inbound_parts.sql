-- When a text's provider was told that we have it, where it may not have waited for our word.
ALTER TABLE inbound_text ADD COLUMN answered_at timestamptz;

-- Texts that come in parts, until all are there or are waited for no longer; then only what tells a repeated part.
CREATE TABLE joining_text (
  workspace_id text        NOT NULL,
  id           uuid        NOT NULL,
  -- keyed hash of sender, receiver, the parts' reference and their number
  key          bytea       NOT NULL,
  sender       text        NOT NULL,
  receiver     text        NOT NULL,
  channel      text,
  -- the parts as they came
  joining      jsonb       NOT NULL,
  due_at       timestamptz,
  leased_until timestamptz,
  at           timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX joining_text_key ON joining_text (workspace_id, key);
CREATE INDEX joining_text_due ON joining_text (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX joining_text_leased ON joining_text (leased_until) WHERE due_at IS NOT NULL AND leased_until IS NOT NULL;
CREATE INDEX joining_text_age ON joining_text (at);
SELECT homing_protect('joining_text');
SELECT homing_worker('joining_text', 'workspace_id, id, due_at, leased_until, at', 'leased_until');
DO $$ BEGIN
  EXECUTE format('GRANT DELETE ON joining_text TO %I', regexp_replace(current_user, '_owner$', '_worker'));
END $$;
