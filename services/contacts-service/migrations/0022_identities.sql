-- The id by which the workspace's own site knows a person is an address that nothing is sent to.
ALTER TABLE address DROP CONSTRAINT address_kind_check,
  ADD CONSTRAINT address_kind_known CHECK (kind IN ('phone', 'email', 'external')) NOT VALID;
DO $$ BEGIN
  EXECUTE format('GRANT UPDATE (verified) ON address TO %I', regexp_replace(current_user, '_owner$', ''));
END $$;

-- Public keys whose owners may say who a person is; two, so that one can take the place of the other.
CREATE TABLE identity_key (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  key          text        NOT NULL,
  algorithm    text        NOT NULL CHECK (algorithm IN ('EdDSA', 'ES256')),
  public_key   bytea       NOT NULL,
  by           text        NOT NULL,
  added_at     timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, key)
);
SELECT homing_protect('identity_key', 'SELECT, INSERT, DELETE');
