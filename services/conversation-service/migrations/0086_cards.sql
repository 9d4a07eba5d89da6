-- Structured messages of agents, and what shops told of them; what they say stands in the message. Who writes a row holds the
-- conversation's lock.
CREATE TABLE card (
  workspace_id    text        NOT NULL CHECK (workspace_id <> ''),
  id              uuid        NOT NULL,
  conversation_id uuid        NOT NULL,
  -- Of its message.
  seq             bigint      NOT NULL CHECK (seq > 0),
  state           text        NOT NULL CHECK (state IN ('requested', 'ready', 'failed', 'cancelled', 'done')),
  -- The shop's number, where the customer goes on, and a code why not; may be empty.
  reference       text        NOT NULL,
  url             text        NOT NULL,
  reason          text        NOT NULL,
  at              timestamptz NOT NULL,
  -- 1 at first; grows by one with each change.
  version         bigint      NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX card_message ON card (workspace_id, conversation_id, seq) WHERE seq > 0;
SELECT homing_protect('card', 'SELECT, INSERT, UPDATE, DELETE');
