-- How channels start chats by themselves, and give them to agents.
CREATE TABLE channel_routing (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  channel      text        NOT NULL,
  -- Grows by one with each change.
  version      bigint      NOT NULL CHECK (version > 0),
  -- mode, rules, declined_days, per_visitor_day, answer_seconds, alert_seconds, last_agent_seconds, queue_conversations.
  routing      jsonb       NOT NULL,
  changed_at   timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, channel)
);
SELECT homing_protect('channel_routing', 'SELECT, INSERT, UPDATE');

-- Invitations. Who moves one on holds the lock on the workspace's queue.
CREATE TABLE invitation (
  workspace_id    text        NOT NULL CHECK (workspace_id <> ''),
  id              uuid        NOT NULL,
  channel         text        NOT NULL,
  visitor         uuid        NOT NULL,
  -- with_invitation or without_invitation.
  mode            text        NOT NULL,
  -- Name of the rule that made it.
  rule            text        NOT NULL,
  greeting        text        NOT NULL,
  -- offered, shown, accepted, declined, expired, form, queued, alerted, serving, ended or abandoned.
  state           text        NOT NULL,
  version         bigint      NOT NULL,
  offered_at      timestamptz NOT NULL,
  changed_at      timestamptz NOT NULL,
  -- The visitor said no to it.
  is_declined     boolean     NOT NULL,
  request_id      uuid,
  conversation_id uuid,
  agent           text,
  -- When it expires.
  due_at          timestamptz,
  leased_until    timestamptz
);
-- One at a time.
CREATE UNIQUE INDEX invitation_open ON invitation (workspace_id, visitor)
  WHERE state NOT IN ('declined', 'expired', 'ended', 'abandoned');
-- What a visitor was asked before.
CREATE INDEX invitation_visitor ON invitation (workspace_id, visitor, offered_at);
CREATE INDEX invitation_due ON invitation (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX invitation_lease ON invitation (leased_until) WHERE due_at IS NOT NULL AND leased_until IS NOT NULL;
-- After the others: of two indexes that seem equally good PostgreSQL takes the one made last.
ALTER TABLE invitation ADD PRIMARY KEY (workspace_id, id);
SELECT homing_protect('invitation', 'SELECT, INSERT, UPDATE, DELETE');
SELECT homing_worker('invitation', 'workspace_id, id, due_at, leased_until', 'leased_until');

-- How often a rule asked anybody in a UTC day; earlier days leave with the next one.
CREATE TABLE rule_day (
  workspace_id text   NOT NULL CHECK (workspace_id <> ''),
  channel      text   NOT NULL,
  rule         text   NOT NULL,
  day          date   NOT NULL,
  asked        bigint NOT NULL,
  PRIMARY KEY (workspace_id, channel, rule, day)
);
SELECT homing_protect('rule_day', 'SELECT, INSERT, UPDATE, DELETE');

-- Conversations of visitors that are not resolved, as conversation-service tells: who is in one is not asked.
CREATE TABLE visitor_conversation (
  workspace_id    text NOT NULL CHECK (workspace_id <> ''),
  conversation_id uuid NOT NULL,
  visitor         uuid NOT NULL,
  PRIMARY KEY (workspace_id, conversation_id)
);
CREATE INDEX visitor_conversation_visitor ON visitor_conversation (workspace_id, visitor);
SELECT homing_protect('visitor_conversation', 'SELECT, INSERT, DELETE');
