-- Opens one socket of an agent's console, once; deleted when used.
CREATE TABLE agent_ticket (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  ticket_hash  bytea       NOT NULL CHECK (octet_length(ticket_hash) = 32),
  agent        text        NOT NULL,
  expires_at   timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, ticket_hash)
);
CREATE INDEX agent_ticket_expiry ON agent_ticket (workspace_id, expires_at);
SELECT homing_protect('agent_ticket');
