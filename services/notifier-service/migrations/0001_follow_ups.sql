-- What other services own, as their facts tell it (views), and what we own: follow-ups, deliveries, links, opt-outs.

CREATE TABLE channel_view (
  workspace_id text   NOT NULL,
  channel      text   NOT NULL,
  -- 0: not told yet; the row keeps the place so that the telling waits for who reads it.
  version      bigint NOT NULL,
  settings     jsonb,
  PRIMARY KEY (workspace_id, channel),
  CHECK ((version = 0) = (settings IS NULL))
);
SELECT homing_protect('channel_view', 'SELECT, INSERT, UPDATE');

CREATE TABLE presence_view (
  workspace_id text   NOT NULL,
  visitor      uuid   NOT NULL,
  -- null: never seen
  state        text   CHECK (state IN ('online', 'offline', 'unknown')),
  cause        text,
  since        timestamptz,
  epoch        bigint NOT NULL,
  version      bigint NOT NULL,
  PRIMARY KEY (workspace_id, visitor)
);
SELECT homing_protect('presence_view', 'SELECT, INSERT, UPDATE');

CREATE TABLE conversation_view (
  workspace_id     text   NOT NULL,
  conversation     uuid   NOT NULL,
  number           bigint,
  channel          text,
  visitor          uuid,
  opened_by        text,
  started_at       timestamptz,
  contact          uuid,
  contact_version  bigint,
  contact_at       timestamptz,
  phone_address    uuid,
  phone_version    bigint,
  phone_at         timestamptz,
  email_address    uuid,
  email_version    bigint,
  email_at         timestamptz,
  read_up_to       bigint NOT NULL DEFAULT 0,
  customer_up_to   bigint NOT NULL DEFAULT 0,
  returned_at      timestamptz,
  resolved_version bigint NOT NULL DEFAULT 0,
  -- our own doing: answers up to here were told of, and the newest accepted send
  covered_up_to    bigint NOT NULL DEFAULT 0,
  last_sent_at     timestamptz,
  last_sent_to     bigint,
  PRIMARY KEY (workspace_id, conversation)
);
CREATE INDEX conversation_view_visitor ON conversation_view (workspace_id, visitor) WHERE visitor IS NOT NULL;
CREATE INDEX conversation_view_channel ON conversation_view (workspace_id, channel) WHERE channel IS NOT NULL;
SELECT homing_protect('conversation_view', 'SELECT, INSERT, UPDATE');

-- Answers that the customer has neither read nor replied to.
CREATE TABLE unanswered (
  workspace_id text        NOT NULL,
  conversation uuid        NOT NULL,
  seq          bigint      NOT NULL,
  bot          boolean     NOT NULL,
  follow_up    boolean     NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, conversation, seq),
  FOREIGN KEY (workspace_id, conversation) REFERENCES conversation_view (workspace_id, conversation)
);
SELECT homing_protect('unanswered', 'SELECT, INSERT, DELETE');

CREATE TABLE follow_up (
  workspace_id text        NOT NULL,
  id           uuid        NOT NULL,
  conversation uuid        NOT NULL,
  from_seq     bigint      NOT NULL,
  -- 0: no step was taken
  to_seq       bigint      NOT NULL,
  first_at     timestamptz NOT NULL,
  started_at   timestamptz NOT NULL,
  state        text        NOT NULL CHECK (state IN ('watching', 'running', 'deferred', 'done')),
  step         text        CHECK (step IN ('text', 'mail')),
  why          text,
  causes       text[]      NOT NULL,
  due_at       timestamptz,
  leased_until timestamptz,
  -- traceparent of the fact that armed it, and when
  trace        text,
  traced_at    timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, conversation) REFERENCES conversation_view (workspace_id, conversation)
);
CREATE UNIQUE INDEX follow_up_open ON follow_up (workspace_id, conversation) WHERE state <> 'done';
CREATE INDEX follow_up_of_conversation ON follow_up (workspace_id, conversation, id);
CREATE INDEX follow_up_due ON follow_up (due_at) WHERE due_at IS NOT NULL;
SELECT homing_protect('follow_up', 'SELECT, INSERT, UPDATE');
SELECT homing_worker('follow_up', 'workspace_id, id, due_at, leased_until', 'leased_until');

CREATE TABLE delivery (
  workspace_id text        NOT NULL,
  id           uuid        NOT NULL,
  conversation uuid        NOT NULL,
  follow_up    uuid,
  purpose      text        NOT NULL CHECK (purpose IN ('follow_up', 'confirmation')),
  step         text        NOT NULL CHECK (step IN ('text', 'mail')),
  status       text        NOT NULL CHECK (status IN ('due', 'checking', 'attempting', 'accepted', 'delivered',
                                                      'undelivered', 'failed', 'unknown', 'unconfirmed', 'cancelled')),
  status_at    timestamptz NOT NULL,
  -- how often the owners were asked, and the provider called
  checks       integer     NOT NULL DEFAULT 0,
  attempts     integer     NOT NULL DEFAULT 0,
  attempted_at timestamptz,
  due_at       timestamptz,
  leased_until timestamptz,
  country      text        NOT NULL DEFAULT '',
  parts        integer     NOT NULL DEFAULT 0,
  micro_pu     bigint      NOT NULL DEFAULT 0 CHECK (micro_pu >= 0),
  provider     text        NOT NULL DEFAULT '',
  provider_id  text,
  reason       text        NOT NULL DEFAULT '',
  trace        text,
  traced_at    timestamptz NOT NULL,
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, id),
  CHECK ((purpose = 'follow_up') = (follow_up IS NOT NULL)),
  FOREIGN KEY (workspace_id, follow_up) REFERENCES follow_up (workspace_id, id),
  FOREIGN KEY (workspace_id, conversation) REFERENCES conversation_view (workspace_id, conversation)
);
CREATE UNIQUE INDEX delivery_confirmation ON delivery (workspace_id, conversation) WHERE purpose = 'confirmation';
CREATE UNIQUE INDEX delivery_step ON delivery (workspace_id, follow_up, step) WHERE status <> 'cancelled';
CREATE INDEX delivery_of_conversation ON delivery (workspace_id, conversation, created_at);
CREATE INDEX delivery_due ON delivery (due_at) WHERE due_at IS NOT NULL;
SELECT homing_protect('delivery', 'SELECT, INSERT, UPDATE');
SELECT homing_worker('delivery', 'workspace_id, id, due_at, leased_until', 'leased_until');

-- What providers told, once each.
CREATE TABLE receipt (
  workspace_id text        NOT NULL,
  delivery     uuid        NOT NULL,
  provider_id  text        NOT NULL,
  status       text        NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, delivery, provider_id, status),
  FOREIGN KEY (workspace_id, delivery) REFERENCES delivery (workspace_id, id)
);
SELECT homing_protect('receipt', 'SELECT, INSERT');

CREATE TABLE return_link (
  workspace_id text        NOT NULL,
  -- SHA-256 of the token
  token_hash   bytea       NOT NULL,
  conversation uuid        NOT NULL,
  delivery     uuid        NOT NULL,
  expires_at   timestamptz NOT NULL,
  revoked_at   timestamptz,
  PRIMARY KEY (workspace_id, token_hash),
  FOREIGN KEY (workspace_id, delivery) REFERENCES delivery (workspace_id, id)
);
SELECT homing_protect('return_link', 'SELECT, INSERT, UPDATE');

-- Outlives the person's data: a keyed hash tells nothing about the address.
CREATE TABLE opt_out (
  workspace_id text        NOT NULL,
  address_mac  bytea       NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, address_mac)
);
SELECT homing_protect('opt_out', 'SELECT, INSERT, DELETE');

-- Counters of one UTC day: texts per number (key: its keyed hash), micro-PU of the workspace (key: empty).
CREATE TABLE send_limit (
  workspace_id text   NOT NULL,
  scope        text   NOT NULL CHECK (scope IN ('number', 'micro_pu')),
  key          bytea  NOT NULL,
  day          date   NOT NULL,
  used         bigint NOT NULL CHECK (used >= 0),
  PRIMARY KEY (workspace_id, scope, key, day)
);
SELECT homing_protect('send_limit', 'SELECT, INSERT, UPDATE');

-- The history, numbered within the conversation. Ids and classes only.
CREATE TABLE timeline (
  workspace_id text        NOT NULL,
  conversation uuid        NOT NULL,
  number       bigint      NOT NULL,
  at           timestamptz NOT NULL,
  what         text        NOT NULL,
  facts        jsonb       NOT NULL,
  follow_up    uuid,
  delivery     uuid,
  PRIMARY KEY (workspace_id, conversation, number)
);
SELECT homing_protect('timeline', 'SELECT, INSERT');
