-- An agent as routing sees them; known from the first time they tell their availability.
CREATE TABLE agent (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  -- Listed by it, byte by byte.
  agent        text        COLLATE "C" NOT NULL,
  availability text        NOT NULL CHECK (availability IN ('available', 'busy', 'away', 'offline')),
  since        timestamptz NOT NULL,
  -- Grows by one with each change.
  version      bigint      NOT NULL CHECK (version > 0),
  PRIMARY KEY (workspace_id, agent)
);
SELECT homing_protect('agent', 'SELECT, INSERT, UPDATE');
