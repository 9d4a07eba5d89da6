-- Conversations and everything said in them.

-- Last number given, per kind of number.
CREATE TABLE counter (
  workspace_id text   NOT NULL REFERENCES workspace,
  kind         text   NOT NULL,
  value        bigint NOT NULL,
  PRIMARY KEY (workspace_id, kind)
);
SELECT homing_protect('counter', 'SELECT, INSERT, UPDATE');

CREATE TABLE conversation (
  workspace_id   text        NOT NULL,
  id             uuid        NOT NULL,
  number         bigint      NOT NULL,
  channel_id     text        NOT NULL,
  visitor_id     uuid,
  contact_id     uuid,
  -- Addresses given in this conversation, by their ids in contacts-service.
  phone_address  uuid,
  email_address  uuid,
  reach_version  bigint      NOT NULL DEFAULT 0,
  page_url       text        NOT NULL DEFAULT '',
  last_seq       bigint      NOT NULL,
  read_up_to     bigint      NOT NULL,
  customer_up_to bigint      NOT NULL,
  opened_by      text        NOT NULL,
  started_at     timestamptz NOT NULL,
  resolved_at    timestamptz,
  continues      uuid,
  -- Set once a customer went on after this one was resolved.
  continued_by   uuid,
  -- The name by which an integration knows it.
  integration_id text,
  external_ref   text,
  -- Idempotency of StartConversation.
  request_id     text,
  FOREIGN KEY (workspace_id, channel_id) REFERENCES channel,
  CHECK (read_up_to <= last_seq AND customer_up_to <= last_seq),
  CHECK ((integration_id IS NULL) = (external_ref IS NULL))
)
-- Half a page stays free: a burst that touches every conversation of a page is then written in place, without new index entries.
WITH (fillfactor = 45);
-- The primary key comes after it: of two indexes that seem equally good, as all do while a table is small and not analysed,
-- PostgreSQL takes the one made last, and by number it would read a whole workspace to find an id.
CREATE UNIQUE INDEX conversation_number ON conversation (workspace_id, number);
ALTER TABLE conversation ADD PRIMARY KEY (workspace_id, id);
-- A reference names the newest conversation that bears it.
CREATE UNIQUE INDEX conversation_reference ON conversation (workspace_id, integration_id, external_ref)
  WHERE external_ref IS NOT NULL AND continued_by IS NULL;
CREATE UNIQUE INDEX conversation_request ON conversation (workspace_id, request_id) WHERE request_id IS NOT NULL;
SELECT homing_protect('conversation', 'SELECT, INSERT, UPDATE');

-- No foreign key to conversation: a message is only written by who holds the lock on its conversation's row, and a
-- check per row would cost a third of the ingest.
CREATE TABLE message (
  workspace_id    text        NOT NULL,
  conversation_id uuid        NOT NULL,
  seq             bigint      NOT NULL,
  id              uuid        NOT NULL,
  author          text        NOT NULL,
  agent_id        text,
  text            text        NOT NULL,
  at              timestamptz NOT NULL,
  -- False: the sender asked for no follow-up.
  follow_up       boolean     NOT NULL,
  -- The sender's own id, unique within the conversation.
  client_id       text,
  -- The integration that brought it, and its own id of the message.
  integration_id  text,
  foreign_id      text,
  PRIMARY KEY (workspace_id, conversation_id, seq)
);
CREATE UNIQUE INDEX message_client ON message (workspace_id, conversation_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX message_foreign ON message (workspace_id, integration_id, foreign_id) WHERE foreign_id IS NOT NULL;
SELECT homing_protect('message', 'SELECT, INSERT');

-- Ingested events that were accepted, so that a repeated one is known: by content, not only by id.
CREATE TABLE ingest_event (
  workspace_id   text  NOT NULL,
  integration_id text  NOT NULL,
  event_id       text  NOT NULL,
  content_hash   bytea NOT NULL,
  at             timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, integration_id, event_id)
);
-- Old ones lie together: a few pages of index, and nothing to keep up on the way in.
CREATE INDEX ingest_event_age ON ingest_event USING brin (at);
SELECT homing_protect('ingest_event', 'SELECT, INSERT, DELETE');
SELECT homing_worker('ingest_event', 'workspace_id, integration_id, event_id, at', '');
DO $$ BEGIN
  EXECUTE format('GRANT DELETE ON ingest_event TO %I', regexp_replace(current_user, '_owner$', '_worker'));
END $$;
