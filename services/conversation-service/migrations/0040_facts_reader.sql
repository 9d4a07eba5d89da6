-- The consumers of facts that integrations have on NATS, or had: what is wanted, and when it is looked after next.
CREATE TABLE facts_reader (
  workspace_id   text        NOT NULL CHECK (workspace_id <> ''),
  integration_id text        NOT NULL,
  id             uuid        NOT NULL,
  wanted         boolean     NOT NULL,
  -- Facts from then on are its to read.
  since          timestamptz NOT NULL,
  -- Grows by one with each change of what is wanted.
  version        bigint      NOT NULL,
  due_at         timestamptz,
  leased_until   timestamptz,
  PRIMARY KEY (workspace_id, integration_id),
  FOREIGN KEY (workspace_id, integration_id) REFERENCES integration
);
CREATE INDEX facts_reader_due ON facts_reader (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX facts_reader_lease ON facts_reader (leased_until) WHERE due_at IS NOT NULL AND leased_until IS NOT NULL;
SELECT homing_protect('facts_reader', 'SELECT, INSERT, UPDATE');
SELECT homing_worker('facts_reader', 'workspace_id, id, due_at, leased_until', 'leased_until');
