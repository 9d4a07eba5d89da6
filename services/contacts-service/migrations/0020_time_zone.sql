-- The zone that a person lives in, by its IANA name.
ALTER TABLE contact ADD COLUMN time_zone text CHECK (time_zone <> '');
