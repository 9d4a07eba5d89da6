-- Forms that agents can offer.
CREATE TABLE input_form (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  name         text        NOT NULL,
  -- Grows by one with each change.
  version      bigint      NOT NULL,
  title        text        NOT NULL,
  -- A list of key, kind, label, required, choices.
  fields       jsonb       NOT NULL,
  changed_at   timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, name)
);
SELECT homing_protect('input_form', 'SELECT, INSERT, UPDATE');

-- Forms in conversations. Who writes one holds the lock on the conversation's row.
CREATE TABLE form (
  workspace_id    text        NOT NULL CHECK (workspace_id <> ''),
  id              uuid        NOT NULL,
  conversation_id uuid        NOT NULL,
  -- introduce_yourself, leave_contacts or input.
  kind            text        NOT NULL,
  -- Of an input form; else empty and 0.
  name            text        NOT NULL,
  version         bigint      NOT NULL,
  -- due, open, submitted, dismissed or withdrawn.
  state           text        NOT NULL,
  page            integer     NOT NULL,
  title           text        NOT NULL,
  fields          jsonb       NOT NULL,
  -- What was filled in for a name, until there is an address to keep it by.
  given_name      text        NOT NULL,
  -- Idempotency of OfferForm.
  request_id      text,
  due_at          timestamptz,
  leased_until    timestamptz,
  created_at      timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
-- One at a time.
CREATE UNIQUE INDEX form_open ON form (workspace_id, conversation_id) WHERE state IN ('due', 'open');
CREATE INDEX form_conversation ON form (workspace_id, conversation_id, kind) WHERE state NOT IN ('due', 'open');
CREATE UNIQUE INDEX form_request ON form (workspace_id, conversation_id, request_id) WHERE request_id IS NOT NULL;
CREATE INDEX form_due ON form (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX form_lease ON form (leased_until) WHERE due_at IS NOT NULL AND leased_until IS NOT NULL;
SELECT homing_protect('form', 'SELECT, INSERT, UPDATE, DELETE');
SELECT homing_worker('form', 'workspace_id, id, due_at, leased_until', 'leased_until');

-- Whether agents can be given chats, as routing-service tells.
CREATE TABLE agent_availability (
  workspace_id text    NOT NULL CHECK (workspace_id <> ''),
  agent_id     text    NOT NULL,
  is_available boolean NOT NULL,
  -- Of the fact that told; the higher one counts.
  version      bigint  NOT NULL,
  PRIMARY KEY (workspace_id, agent_id)
);
SELECT homing_protect('agent_availability', 'SELECT, INSERT, UPDATE');
