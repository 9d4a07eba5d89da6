-- The last transition of every visitor; written when it changes, never in between.
CREATE TABLE visitor_presence (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  visitor      uuid        NOT NULL,
  state        text        NOT NULL CHECK (state IN ('online', 'offline', 'unknown')),
  cause        text        NOT NULL
               CHECK (cause IN ('returned', 'left', 'idle', 'hidden', 'connection_lost', 'gateway_lost')),
  since        timestamptz NOT NULL,
  -- (epoch, version) orders the transitions of a visitor.
  epoch        bigint      NOT NULL,
  version      bigint      NOT NULL,
  PRIMARY KEY (workspace_id, visitor)
);
-- Who was there: what a new owner reads.
CREATE INDEX visitor_presence_here ON visitor_presence (workspace_id, visitor) WHERE state <> 'offline';
SELECT homing_protect('visitor_presence', 'SELECT, INSERT, UPDATE');
SELECT homing_worker('visitor_presence', 'workspace_id, visitor, state, cause, since, epoch, version', '');

-- Which process owns which shards ('all' until they are spread). Of no workspace, and nothing of any in it.
CREATE TABLE shard_lease (
  shards     text        PRIMARY KEY,
  holder     uuid        NOT NULL,
  epoch      bigint      NOT NULL,
  expires_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON shard_lease TO presence;
