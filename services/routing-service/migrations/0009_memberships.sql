-- Of the teams, as conversation-service told last; the higher one counts.
ALTER TABLE agent ADD COLUMN teams_version bigint NOT NULL DEFAULT 0;
