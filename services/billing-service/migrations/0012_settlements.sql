-- What people settled by hand, because no provider ever told, and how they knew.
CREATE TABLE settlement (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  delivery     uuid        NOT NULL,
  outcome      text        NOT NULL CHECK (outcome IN ('captured', 'released')),
  note         text        NOT NULL CHECK (note <> ''),
  at           timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, delivery, outcome)
);
SELECT homing_protect('settlement', 'SELECT, INSERT');
