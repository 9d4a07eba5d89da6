-- Erasures of people: what was asked for, how far it is, and what it cleared. Names nobody: it stays.
CREATE TABLE erasure (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  id           uuid        NOT NULL,
  request_id   text        NOT NULL,
  -- As it was asked for, and all that had gone into it: ids of what is no more.
  contact_id   uuid        NOT NULL,
  contacts     uuid[]      NOT NULL,
  reason       text        NOT NULL CHECK (reason IN ('requested', 'no_longer_needed', 'unlawful', 'obligation')),
  by           text        NOT NULL,
  asked_at     timestamptz NOT NULL,
  -- Dead letters up to this place of their stream were looked through.
  looked_up_to bigint      NOT NULL DEFAULT 0,
  done_at      timestamptz,
  -- Null once it is done.
  due_at       timestamptz,
  leased_until timestamptz,
  PRIMARY KEY (workspace_id, id),
  CHECK ((done_at IS NULL) = (due_at IS NOT NULL))
);
-- With conditions that a look-up by id has not: while the table is small any index is as good as the primary key.
CREATE UNIQUE INDEX erasure_request ON erasure (workspace_id, request_id) WHERE request_id IS NOT NULL;
CREATE INDEX erasure_contact ON erasure (workspace_id, contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX erasure_due ON erasure (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX erasure_lease ON erasure (leased_until) WHERE due_at IS NOT NULL AND leased_until IS NOT NULL;
SELECT homing_protect('erasure', 'SELECT, INSERT, UPDATE');
SELECT homing_worker('erasure', 'workspace_id, id, asked_at, due_at, leased_until', 'leased_until');

-- What is erased where.
CREATE TABLE erasure_step (
  workspace_id text    NOT NULL CHECK (workspace_id <> ''),
  erasure_id   uuid    NOT NULL,
  step         text    NOT NULL CHECK (step IN ('contacts', 'notifier', 'presence', 'gateway', 'conversation', 'dead_letters')),
  done         boolean NOT NULL,
  failures     integer NOT NULL DEFAULT 0,
  -- Code of the last failure; empty once it went well.
  failure      text    NOT NULL DEFAULT '',
  -- How many of what.
  erased       jsonb   NOT NULL DEFAULT '{}',
  PRIMARY KEY (workspace_id, erasure_id, step),
  FOREIGN KEY (workspace_id, erasure_id) REFERENCES erasure (workspace_id, id)
);
SELECT homing_protect('erasure_step', 'SELECT, INSERT, UPDATE');

-- By what the person's leftovers are known in other places. Goes when the erasure is done.
CREATE TABLE erasure_trace (
  workspace_id text NOT NULL CHECK (workspace_id <> ''),
  erasure_id   uuid NOT NULL,
  kind         text NOT NULL CHECK (kind IN ('number', 'word', 'subject')),
  value        text NOT NULL,
  PRIMARY KEY (workspace_id, erasure_id, kind, value),
  FOREIGN KEY (workspace_id, erasure_id) REFERENCES erasure (workspace_id, id)
);
SELECT homing_protect('erasure_trace', 'SELECT, INSERT, DELETE');

-- Until now nobody was ever deleted.
DO $$ BEGIN
  EXECUTE format('GRANT DELETE ON contact, address, address_purpose, captured, contact_change, contact_conflict, contact_merge,
    consent, consent_address, withdrawal, purchase, purchase_version TO %I', regexp_replace(current_user, '_owner$', ''));
END $$;
