-- 1, 2, 3 ... with each change of the teams that an agent is in; told with them.
ALTER TABLE agent ADD COLUMN teams_version bigint NOT NULL DEFAULT 1;
