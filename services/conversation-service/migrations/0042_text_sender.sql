-- Whose the numbers and names are under which texts go out.
CREATE TABLE text_sender (
  workspace_id text        NOT NULL REFERENCES workspace,
  -- The sender in lower case and without spaces: nobody may take another one's with an other spelling.
  key          text        NOT NULL CHECK (key <> ''),
  sender       text        NOT NULL,
  assigned_at  timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, key)
);
-- Of all keys the only one that reaches across workspaces: an insert of what another one has fails, and shows nothing of it.
CREATE UNIQUE INDEX text_sender_owner ON text_sender (key);
SELECT homing_protect('text_sender', 'SELECT, INSERT, UPDATE, DELETE');

-- What channels of one workspace use is its own. What several use is nobody's until an operator assigns it; those channels keep it.
INSERT INTO text_sender (workspace_id, key, sender, assigned_at)
  SELECT min(workspace_id), key, min(sender), now()
  FROM (SELECT workspace_id, settings->>'text_from' AS sender, lower(replace(settings->>'text_from', ' ', '')) AS key FROM channel) used
  WHERE key <> ''
  GROUP BY key HAVING count(DISTINCT workspace_id) = 1;
