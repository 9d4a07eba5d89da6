-- Where agents open a conversation; empty: nowhere that we know of.
ALTER TABLE workspace ADD COLUMN console_url text NOT NULL DEFAULT '';
