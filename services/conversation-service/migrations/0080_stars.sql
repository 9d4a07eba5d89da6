-- Conversations that agents starred, or had starred: what is left of those keeps versions growing. Who writes a row holds its lock,
-- and who adds one the conversation's.
CREATE TABLE star (
  workspace_id    text        NOT NULL CHECK (workspace_id <> ''),
  id              uuid        NOT NULL,
  conversation_id uuid        NOT NULL,
  agent_id        text        NOT NULL,
  -- The conversation's.
  number          bigint      NOT NULL,
  -- Null: it was taken away.
  starred_at      timestamptz,
  remind_at       timestamptz,
  reminded_at     timestamptz,
  note            text        NOT NULL,
  -- 1 at first; grows by one with each change.
  version         bigint      NOT NULL,
  -- remind_at, until it is told.
  due_at          timestamptz,
  leased_until    timestamptz,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX star_conversation ON star (workspace_id, conversation_id, agent_id) WHERE version > 0;
CREATE INDEX star_agent ON star (workspace_id, agent_id, number) WHERE starred_at IS NOT NULL;
CREATE INDEX star_due ON star (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX star_lease ON star (leased_until) WHERE due_at IS NOT NULL AND leased_until IS NOT NULL;
SELECT homing_protect('star', 'SELECT, INSERT, UPDATE, DELETE');
SELECT homing_worker('star', 'workspace_id, id, due_at, leased_until', 'leased_until');
