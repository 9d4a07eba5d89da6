-- Workspaces and what is set up in them.

CREATE TABLE workspace (
  workspace_id text        NOT NULL CHECK (workspace_id <> '') PRIMARY KEY,
  name         text        NOT NULL,
  time_zone    text        NOT NULL,
  language     text        NOT NULL,
  created_at   timestamptz NOT NULL
);
SELECT homing_protect('workspace', 'SELECT, INSERT');

CREATE TABLE channel (
  workspace_id text        NOT NULL REFERENCES workspace,
  id           text        NOT NULL,
  kind         text        NOT NULL,
  -- Grows by one with each change.
  version      bigint      NOT NULL,
  settings     jsonb       NOT NULL,
  changed_at   timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
SELECT homing_protect('channel', 'SELECT, INSERT, UPDATE');

CREATE TABLE team (
  workspace_id text NOT NULL REFERENCES workspace,
  id           text NOT NULL,
  name         text NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
SELECT homing_protect('team', 'SELECT, INSERT');

CREATE TABLE agent (
  workspace_id text NOT NULL REFERENCES workspace,
  id           text NOT NULL,
  display_name text NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
SELECT homing_protect('agent', 'SELECT, INSERT');

CREATE TABLE member (
  workspace_id text NOT NULL,
  team_id      text NOT NULL,
  agent_id     text NOT NULL,
  PRIMARY KEY (workspace_id, team_id, agent_id),
  FOREIGN KEY (workspace_id, team_id) REFERENCES team,
  FOREIGN KEY (workspace_id, agent_id) REFERENCES agent
);
SELECT homing_protect('member', 'SELECT, INSERT');

CREATE TABLE integration (
  workspace_id text        NOT NULL REFERENCES workspace,
  id           text        NOT NULL,
  -- SHA-256 of the token's secret.
  token_hash   bytea       NOT NULL CHECK (length(token_hash) = 32),
  scopes       text[]      NOT NULL,
  token_at     timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
SELECT homing_protect('integration', 'SELECT, INSERT, UPDATE');
