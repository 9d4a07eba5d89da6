-- Roles of a workspace and which integration has which, a row for each version: the highest one counts, the others are its history.
CREATE TABLE role_version (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  version      bigint      NOT NULL CHECK (version > 0),
  at           timestamptz NOT NULL,
  by           text        NOT NULL,
  -- What is different from the version before, a line each.
  changes      text[]      NOT NULL,
  -- changed (access by role and field) and integrations (role by integration).
  roles        jsonb       NOT NULL,
  PRIMARY KEY (workspace_id, version)
);
SELECT homing_protect('role_version', 'SELECT, INSERT');
