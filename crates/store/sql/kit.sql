-- The part of the schema that every service has. Applied before each migration run, as the service's owner role;
-- each statement can be repeated.

-- The workspaces named by the transaction: a comma-separated list in a transaction-local setting. After a
-- transaction the setting is '' instead of missing: both mean none.
CREATE OR REPLACE FUNCTION homing_workspaces() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT string_to_array(nullif(current_setting('homing.workspaces', true), ''), ',') $$;

-- Puts a table under row-level security: the service's role sees the named workspaces, the owner (migrations) all.
-- The policy is written so that no index can serve it: `workspace_id = ANY (...)` would be taken as an index condition, and
-- a batch over 100 workspaces then sorts that list anew for each row that it looks up (20 times slower). Queries
-- name the workspace themselves, and the policy filters what their key finds. The subquery is hashed once for a statement, so a
-- row costs a batch over hundreds of workspaces no more than one over a single one.
CREATE OR REPLACE FUNCTION homing_protect(t regclass, rights text DEFAULT 'SELECT, INSERT, UPDATE, DELETE')
RETURNS void LANGUAGE plpgsql AS $$
DECLARE service text := regexp_replace(current_user, '_owner$', '');
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
  EXECUTE format('DROP POLICY IF EXISTS workspace ON %s', t);
  EXECUTE format('CREATE POLICY workspace ON %s TO %I USING (workspace_id IN (SELECT unnest(homing_workspaces())))', t, service);
  EXECUTE format('DROP POLICY IF EXISTS migrate ON %s', t);
  EXECUTE format('CREATE POLICY migrate ON %s TO %I USING (true)', t, current_user);
  EXECUTE format('REVOKE ALL ON %s FROM %I', t, service);
  EXECUTE format('GRANT %s ON %s TO %I', rights, t, service);
END $$;

-- Lets the service's worker role read and mark rows of all workspaces, by column.
CREATE OR REPLACE FUNCTION homing_worker(t regclass, readable text, markable text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE worker text := regexp_replace(current_user, '_owner$', '_worker');
BEGIN
  EXECUTE format('DROP POLICY IF EXISTS worker ON %s', t);
  EXECUTE format('CREATE POLICY worker ON %s TO %I USING (true)', t, worker);
  EXECUTE format('REVOKE ALL ON %s FROM %I', t, worker);
  EXECUTE format('GRANT SELECT (%s) ON %s TO %I', readable, t, worker);
  IF markable <> '' THEN
    EXECUTE format('GRANT UPDATE (%s) ON %s TO %I', markable, t, worker);
  END IF;
END $$;

-- Who does what only one replica may do. Of no workspace, and nothing of any in it. The second key makes a change of
-- holder wait for transactions that hold the row FOR KEY SHARE, which renewing does not.
CREATE OR REPLACE FUNCTION homing_leases() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  CREATE TABLE IF NOT EXISTS lease (
    name       text        PRIMARY KEY,
    holder     uuid        NOT NULL,
    epoch      bigint      NOT NULL,
    expires_at timestamptz NOT NULL,
    UNIQUE (name, epoch)
  );
  EXECUTE format('GRANT SELECT, INSERT, UPDATE ON lease TO %I', regexp_replace(current_user, '_owner$', ''));
END $$;

-- Before, the outbox had a row for each fact: such rows are moved once the new table is there. Services of then cannot work with
-- it, so none may be connected.
DO $$
DECLARE service text := regexp_replace(current_user, '_owner$', '');
BEGIN
  IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'outbox' AND column_name = 'payload') THEN
    IF EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND usename = service) THEN
      RAISE EXCEPTION 'the outbox takes a shape that running processes do not know: stop all of % and migrate again', service;
    END IF;
    ALTER TABLE outbox RENAME TO outbox_of_single_facts;
    DROP INDEX outbox_unpublished, outbox_published, outbox_age;
  END IF;
END $$;

-- Facts that wait for the stream, and those of the last day. A row holds up to fifty facts that one transaction told
-- of one workspace, in their order: a batch of hundreds costs a few rows, with a few entries in the indexes.
CREATE TABLE IF NOT EXISTS outbox (
  workspace_id   text        NOT NULL CHECK (workspace_id <> ''),
  -- Of its first fact.
  id             uuid        NOT NULL,
  ids            uuid[]      NOT NULL CHECK (cardinality(ids) > 0),
  subjects       text[]      NOT NULL,
  -- For each fact its names and values, one a line.
  headers        text[]      NOT NULL,
  payloads       bytea[]     NOT NULL,
  created_at     timestamptz NOT NULL,
  published_at   timestamptz,
  stream_created text,
  -- The highest sequence that one of the facts was given, and which of them.
  stream_seq     bigint,
  stream_id      uuid,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX IF NOT EXISTS outbox_unpublished ON outbox (created_at) WHERE published_at IS NULL;
CREATE INDEX IF NOT EXISTS outbox_published ON outbox (stream_seq) WHERE published_at IS NOT NULL;
-- Rows lie in the order of their making, so this costs a write nothing.
CREATE INDEX IF NOT EXISTS outbox_age ON outbox USING brin (created_at);
SELECT homing_protect('outbox', 'SELECT, INSERT');
SELECT homing_worker('outbox',
  'workspace_id, id, ids, subjects, headers, payloads, created_at, published_at, stream_created, stream_seq, stream_id',
  'published_at, stream_created, stream_seq, stream_id');
DO $$ BEGIN
  EXECUTE format('GRANT DELETE ON outbox TO %I', regexp_replace(current_user, '_owner$', '_worker'));
END $$;

DO $$ BEGIN
  IF to_regclass('outbox_of_single_facts') IS NOT NULL THEN
    INSERT INTO outbox
      SELECT workspace_id, id, ARRAY[id], ARRAY[subject], ARRAY[array_to_string(headers, E'\n')], ARRAY[payload], created_at,
        published_at, stream_created, stream_seq, CASE WHEN published_at IS NOT NULL THEN id END
      FROM outbox_of_single_facts;
    DROP TABLE outbox_of_single_facts;
  END IF;
END $$;

-- Outlives outbox, stream and dead letters: 30 days.
CREATE TABLE IF NOT EXISTS inbox (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  consumer     text        NOT NULL,
  event_id     text        NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, consumer, event_id)
);
CREATE INDEX IF NOT EXISTS inbox_age ON inbox (at);
SELECT homing_protect('inbox', 'SELECT, INSERT');
SELECT homing_worker('inbox', 'workspace_id, consumer, event_id, at', '');
DO $$ BEGIN
  EXECUTE format('GRANT DELETE ON inbox TO %I', regexp_replace(current_user, '_owner$', '_worker'));
END $$;
