-- What an agent can take, where they are, and who they are to presence.
ALTER TABLE agent
  -- Slugs of their teams, as conversation-service told when they became available last.
  ADD COLUMN teams            text[]      NOT NULL DEFAULT '{}',
  -- Empty: all.
  ADD COLUMN languages        text[]      NOT NULL DEFAULT '{}',
  -- Chats at once by kind of channel; a kind that is not named: 3.
  ADD COLUMN capacity         jsonb       NOT NULL DEFAULT '{}',
  -- The visitor as whom presence knows their console; null of agents who told nothing since this column is there.
  ADD COLUMN console          uuid,
  -- True until presence tells otherwise.
  ADD COLUMN is_connected     boolean     NOT NULL DEFAULT true,
  -- Of what presence told last; the higher pair counts.
  ADD COLUMN presence_epoch   bigint      NOT NULL DEFAULT 0,
  ADD COLUMN presence_version bigint      NOT NULL DEFAULT 0,
  -- When they were alerted or given a chat last.
  ADD COLUMN last_given_at    timestamptz NOT NULL DEFAULT '-infinity';
CREATE UNIQUE INDEX agent_console ON agent (workspace_id, console) WHERE console IS NOT NULL;
