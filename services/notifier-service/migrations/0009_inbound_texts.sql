-- Texts that came in, by the provider's id, so that a repeated call changes nothing. Nothing of what they say.
CREATE TABLE inbound_text (
  workspace_id text        NOT NULL,
  provider_id  text        NOT NULL,
  -- keyed hash of who wrote
  address_mac  bytea       NOT NULL,
  -- where it was posted, as soon as that is decided; null for keywords of people nobody talks with
  conversation uuid,
  at           timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, provider_id)
);
CREATE INDEX inbound_text_of_sender ON inbound_text (workspace_id, address_mac, at) WHERE conversation IS NOT NULL;
CREATE INDEX inbound_text_age ON inbound_text USING brin (at);
SELECT homing_protect('inbound_text', 'SELECT, INSERT, UPDATE');
SELECT homing_worker('inbound_text', 'workspace_id, provider_id, at', '');
DO $$ BEGIN
  EXECUTE format('GRANT DELETE ON inbound_text TO %I', regexp_replace(current_user, '_owner$', '_worker'));
END $$;

-- Which conversation the newest text to a number was about.
CREATE INDEX delivery_texted ON delivery (workspace_id, attempted_address, attempted_at)
  WHERE attempted_address IS NOT NULL AND step = 'text';
