-- Whom a reminder's mail went to, as a keyed hash: a report on it has to name them.
ALTER TABLE reminder_mail ADD COLUMN sent_to bytea,
  DROP CONSTRAINT reminder_mail_state_check,
  ADD CONSTRAINT reminder_mail_state_check CHECK (state IN
    ('due', 'attempting', 'sent', 'undelivered', 'failed', 'unknown', 'agent_there', 'no_address', 'gone', 'too_late')) NOT VALID;
