-- Mails to agents who are not there when they are reminded of a conversation.
CREATE TABLE reminder_mail (
  workspace_id text        NOT NULL,
  id           uuid        NOT NULL,
  conversation uuid        NOT NULL,
  agent        text        NOT NULL,
  -- when the reminder was told
  told_at      timestamptz NOT NULL,
  state        text        NOT NULL CHECK (state IN
    ('due', 'attempting', 'sent', 'failed', 'unknown', 'agent_there', 'no_address', 'gone', 'too_late')),
  attempts     integer     NOT NULL,
  due_at       timestamptz,
  leased_until timestamptz,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX reminder_mail_due ON reminder_mail (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX reminder_mail_leased ON reminder_mail (leased_until) WHERE due_at IS NOT NULL AND leased_until IS NOT NULL;
CREATE INDEX reminder_mail_age ON reminder_mail (told_at);
SELECT homing_protect('reminder_mail');
SELECT homing_worker('reminder_mail', 'workspace_id, id, due_at, leased_until, told_at', 'leased_until');
DO $$ BEGIN
  EXECUTE format('GRANT DELETE ON reminder_mail TO %I', regexp_replace(current_user, '_owner$', '_worker'));
END $$;
