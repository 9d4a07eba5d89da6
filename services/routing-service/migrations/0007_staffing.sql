-- Whether a visitor of a website finds somebody of a team (empty: of the workspace). A row of each that an agent was ever of.
CREATE TABLE team_staffing (
  workspace_id text    NOT NULL CHECK (workspace_id <> ''),
  team         text    COLLATE "C" NOT NULL,
  is_staffed   boolean NOT NULL,
  -- Grows by one with each change; each is told once. 0: nothing was told yet.
  version      bigint  NOT NULL CHECK (version >= 0),
  PRIMARY KEY (workspace_id, team)
);
SELECT homing_protect('team_staffing', 'SELECT, INSERT, UPDATE');
INSERT INTO team_staffing (workspace_id, team, is_staffed, version)
  SELECT DISTINCT workspace_id, team, false, 0 FROM agent CROSS JOIN LATERAL unnest(array_append(teams, '')) team;
