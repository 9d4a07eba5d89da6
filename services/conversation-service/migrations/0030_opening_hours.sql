-- When teams can be reached; a team without a row, or without hours in it, is always open.
CREATE TABLE opening_hours (
  workspace_id text        NOT NULL,
  team_id      text        NOT NULL,
  -- Grows by one with each change.
  version      bigint      NOT NULL,
  -- time_zone, week (seven lists of ranges from Monday on), special_days (lists of ranges by date).
  hours        jsonb,
  changed_at   timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, team_id),
  FOREIGN KEY (workspace_id, team_id) REFERENCES team
);
SELECT homing_protect('opening_hours', 'SELECT, INSERT, UPDATE');
