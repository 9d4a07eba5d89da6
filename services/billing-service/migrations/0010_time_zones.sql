-- The version of the workspace that the time zone is of: facts come in any order, and the higher one wins. An account
-- that was opened by its creation has the zone of version 1; one that a top-up opened is in UTC until it is told.
ALTER TABLE account ADD COLUMN zone_version bigint NOT NULL DEFAULT 0;
UPDATE account SET zone_version = 1 WHERE time_zone <> 'UTC';
