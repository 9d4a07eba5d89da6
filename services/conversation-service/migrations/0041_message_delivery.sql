-- What became of the delivery of a message, as far as anybody told. Who writes it holds the lock on the conversation's row.
CREATE TABLE message_delivery (
  workspace_id    text        NOT NULL CHECK (workspace_id <> ''),
  conversation_id uuid        NOT NULL,
  seq             bigint      NOT NULL,
  state           text        NOT NULL CHECK (state IN ('sending', 'unknown', 'sent', 'failed', 'delivered', 'read')),
  -- A code; empty where there is none.
  reason          text        NOT NULL,
  -- Grows by one with each change.
  version         bigint      NOT NULL,
  -- When it became so.
  at              timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, conversation_id, seq)
);
SELECT homing_protect('message_delivery', 'SELECT, INSERT, UPDATE');
