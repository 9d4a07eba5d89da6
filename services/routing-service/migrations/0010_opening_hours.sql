-- Copied out of the document, for queues: what came in by such a channel waits while its team is closed.
ALTER TABLE channel_routing ADD COLUMN keep_opening_hours boolean NOT NULL DEFAULT false;

-- Which teams are open, as their opening hours say; a team without a row is.
CREATE TABLE team_opening (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  id           uuid        NOT NULL,
  team         text        NOT NULL,
  is_open      boolean     NOT NULL,
  -- Of the hours, and when they were asked: the later one counts.
  version      bigint      NOT NULL,
  looked_at    timestamptz NOT NULL,
  -- When it opens or closes next.
  due_at       timestamptz,
  leased_until timestamptz,
  PRIMARY KEY (workspace_id, team)
);
CREATE INDEX team_opening_due ON team_opening (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX team_opening_lease ON team_opening (leased_until) WHERE due_at IS NOT NULL AND leased_until IS NOT NULL;
SELECT homing_protect('team_opening', 'SELECT, INSERT, UPDATE');
SELECT homing_worker('team_opening', 'workspace_id, id, due_at, leased_until', 'leased_until');
