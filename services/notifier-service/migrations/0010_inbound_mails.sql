-- Addresses that our mails are answered to; the address itself is stored nowhere.
CREATE TABLE reply_address (
  workspace_id text        NOT NULL,
  -- SHA-256 of the token
  token_hash   bytea       NOT NULL,
  conversation uuid        NOT NULL,
  delivery     uuid        NOT NULL,
  -- whom the mail went to: only they speak for the customer
  address      uuid        NOT NULL,
  expires_at   timestamptz NOT NULL,
  revoked_at   timestamptz,
  PRIMARY KEY (workspace_id, token_hash),
  FOREIGN KEY (workspace_id, delivery) REFERENCES delivery (workspace_id, id)
);
CREATE INDEX reply_address_of_conversation ON reply_address (workspace_id, conversation);
CREATE INDEX reply_address_age ON reply_address USING brin (expires_at);
SELECT homing_protect('reply_address', 'SELECT, INSERT, UPDATE');
SELECT homing_worker('reply_address', 'workspace_id, token_hash, expires_at', '');
DO $$ BEGIN
  EXECUTE format('GRANT DELETE ON reply_address TO %I', regexp_replace(current_user, '_owner$', '_worker'));
END $$;
CREATE INDEX return_link_of_conversation ON return_link (workspace_id, conversation);
