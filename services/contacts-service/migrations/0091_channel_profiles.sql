-- The id by which a page of a social network knows a person is an address that is good in one channel: its value is channel/id.
ALTER TABLE address DROP CONSTRAINT address_kind_known,
  ADD CONSTRAINT address_kind_known CHECK (kind IN ('phone', 'email', 'external', 'page_scoped')) NOT VALID;

-- What a channel tells of the person whom it knows by an address, each field as it was told last. Goes where the address goes.
CREATE TABLE channel_profile (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  address_id   uuid        NOT NULL,
  channel      text        NOT NULL,
  field        text        NOT NULL CHECK (field IN ('name', 'picture_url', 'gender', 'time_zone', 'locale', 'last_interaction_at')),
  value        text        NOT NULL,
  -- When the channel told it.
  at           timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, address_id, channel, field),
  FOREIGN KEY (workspace_id, address_id) REFERENCES address (workspace_id, id)
);
SELECT homing_protect('channel_profile');
-- It comes from serving the person, and serves that alone.
DO $$ BEGIN
  EXECUTE format('CREATE POLICY purpose ON channel_profile AS RESTRICTIVE FOR SELECT TO %I USING (
    (SELECT homing_purpose()) IN (''upkeep'', ''support''))', regexp_replace(current_user, '_owner$', ''));
END $$;
