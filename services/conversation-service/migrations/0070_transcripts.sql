-- Copies of conversations that were asked for. Who writes it holds the lock on the conversation's row.
CREATE TABLE transcript (
  workspace_id    text        NOT NULL CHECK (workspace_id <> ''),
  conversation_id uuid        NOT NULL,
  -- The caller's own; the same again asks for nothing more.
  request_id      text        NOT NULL,
  id              uuid        NOT NULL,
  -- The address that the conversation had then.
  email_address   uuid        NOT NULL,
  up_to_seq       bigint      NOT NULL,
  at              timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, conversation_id, request_id)
);
SELECT homing_protect('transcript', 'SELECT, INSERT, DELETE');
