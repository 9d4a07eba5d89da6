-- The zone that a person lives in, by its IANA name. Unchecked, so that the table need not be read through.
ALTER TABLE contact ADD COLUMN time_zone text;
