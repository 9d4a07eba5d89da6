-- How long contacts of which nothing is heard are kept, and how far that was applied.
CREATE TABLE retention (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  id           uuid        NOT NULL,
  -- 0: they are kept.
  days         integer     NOT NULL CHECK (days BETWEEN 0 AND 36500),
  -- Grows by one with each change.
  version      bigint      NOT NULL,
  by           text        NOT NULL,
  set_at       timestamptz NOT NULL,
  -- The last contact that this round has looked at.
  looked_up_to uuid,
  -- When all contacts were looked at last.
  applied_at   timestamptz,
  erased       bigint      NOT NULL DEFAULT 0,
  -- Null while they are kept.
  due_at       timestamptz,
  leased_until timestamptz,
  PRIMARY KEY (workspace_id, id),
  CHECK ((days = 0) = (due_at IS NULL))
);
-- With a condition that a look-up by id has not: while the table is small any index is as good as the primary key.
CREATE UNIQUE INDEX retention_workspace ON retention (workspace_id) WHERE version > 0;
CREATE INDEX retention_due ON retention (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX retention_lease ON retention (leased_until) WHERE due_at IS NOT NULL AND leased_until IS NOT NULL;
SELECT homing_protect('retention', 'SELECT, INSERT, UPDATE');
SELECT homing_worker('retention', 'workspace_id, id, due_at, leased_until', 'leased_until');

ALTER TABLE erasure DROP CONSTRAINT erasure_reason_check;
ALTER TABLE erasure ADD CONSTRAINT erasure_reason_known
  CHECK (reason IN ('requested', 'no_longer_needed', 'unlawful', 'obligation', 'retention')) NOT VALID;
