-- Workflows of channels.
CREATE TABLE workflow (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  key          text        NOT NULL,
  channel_id   text        NOT NULL,
  -- first_message or agent.
  trigger      text        NOT NULL,
  is_on        boolean     NOT NULL,
  -- A list of kind and what it needs.
  steps        jsonb       NOT NULL,
  -- Grows by one with each change.
  version      bigint      NOT NULL,
  changed_at   timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, key)
);
-- One of a channel begins by itself.
CREATE UNIQUE INDEX workflow_first_message ON workflow (workspace_id, channel_id) WHERE is_on AND trigger = 'first_message';
SELECT homing_protect('workflow', 'SELECT, INSERT, UPDATE');

-- Runs of workflows in conversations. Who writes one holds the lock on the conversation's row.
CREATE TABLE workflow_run (
  workspace_id     text        NOT NULL CHECK (workspace_id <> ''),
  id               uuid        NOT NULL,
  conversation_id  uuid        NOT NULL,
  -- The workflow's key, and the version whose steps it has.
  workflow         text        NOT NULL,
  workflow_version bigint      NOT NULL,
  steps            jsonb       NOT NULL,
  -- Index of the step that is under way or next, of an ended one the last that it came to.
  step             integer     NOT NULL,
  -- running, waiting, done or cancelled.
  state            text        NOT NULL,
  -- What cancelled it; else empty.
  ended_by         text        NOT NULL,
  -- The one that its present step asked.
  form_id          uuid,
  -- A list of step and why.
  skipped          jsonb       NOT NULL,
  agent_id         text,
  -- Idempotency of StartWorkflow.
  request_id       text,
  started_at       timestamptz NOT NULL,
  ended_at         timestamptz,
  -- Grows by one with each change; each is told once.
  version          bigint      NOT NULL,
  -- When it goes on.
  due_at           timestamptz,
  leased_until     timestamptz,
  PRIMARY KEY (workspace_id, id),
  CHECK ((due_at IS NULL) = (ended_at IS NOT NULL))
);
-- One at a time.
CREATE UNIQUE INDEX workflow_run_active ON workflow_run (workspace_id, conversation_id) WHERE ended_at IS NULL;
CREATE INDEX workflow_run_conversation ON workflow_run (workspace_id, conversation_id, id) WHERE version > 0;
CREATE UNIQUE INDEX workflow_run_request ON workflow_run (workspace_id, conversation_id, request_id) WHERE request_id IS NOT NULL;
CREATE INDEX workflow_run_due ON workflow_run (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX workflow_run_lease ON workflow_run (leased_until) WHERE due_at IS NOT NULL AND leased_until IS NOT NULL;
CREATE INDEX workflow_run_ended ON workflow_run (ended_at) WHERE ended_at IS NOT NULL;
SELECT homing_protect('workflow_run', 'SELECT, INSERT, UPDATE, DELETE');
SELECT homing_worker('workflow_run', 'workspace_id, id, due_at, leased_until, ended_at', 'leased_until');
DO $$ BEGIN
  EXECUTE format('GRANT DELETE ON workflow_run TO %I', regexp_replace(current_user, '_owner$', '_worker'));
END $$;
