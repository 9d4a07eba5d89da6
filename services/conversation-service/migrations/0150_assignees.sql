-- Who has a conversation, as routing-service told last: an agent, an admin or a team, or nobody (null). The row stays, so that
-- what is told late finds what is newer.
CREATE TABLE assignee (
  workspace_id    text   NOT NULL CHECK (workspace_id <> ''),
  conversation_id uuid   NOT NULL,
  -- Of two requests about one conversation the later one counts; ids grow with time.
  request_id      uuid   NOT NULL,
  version         bigint NOT NULL,
  kind            text   CHECK (kind IN ('agent', 'admin', 'team')),
  -- Slug of the agent or team.
  assignee        text,
  PRIMARY KEY (workspace_id, conversation_id),
  CHECK ((kind IS NULL) = (assignee IS NULL))
);
SELECT homing_protect('assignee', 'SELECT, INSERT, UPDATE');

-- The team that a conversation is for, where a call named one; else its channel's.
ALTER TABLE conversation ADD COLUMN team_id text;
