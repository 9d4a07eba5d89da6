-- A visitor's browser, known by the hash of its token.
CREATE TABLE session (
  workspace_id       text        NOT NULL CHECK (workspace_id <> ''),
  token_hash         bytea       NOT NULL CHECK (octet_length(token_hash) = 32),
  visitor            uuid        NOT NULL,
  channel            text        NOT NULL,
  -- The conversation it is in; null before the first message.
  conversation       uuid,
  -- Set for a session out of a return link: it sees this conversation and what continues it, and opens no other.
  scope_conversation uuid,
  expires_at         timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, token_hash)
);
CREATE INDEX session_expiry ON session (workspace_id, expires_at);
SELECT homing_protect('session');

-- Opens one socket of a session, once; deleted when used.
CREATE TABLE ticket (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  ticket_hash  bytea       NOT NULL CHECK (octet_length(ticket_hash) = 32),
  session_hash bytea       NOT NULL,
  expires_at   timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, ticket_hash),
  FOREIGN KEY (workspace_id, session_hash) REFERENCES session (workspace_id, token_hash) ON DELETE CASCADE
);
CREATE INDEX ticket_expiry ON ticket (workspace_id, expires_at);
CREATE INDEX ticket_session ON ticket (workspace_id, session_hash);
SELECT homing_protect('ticket');
