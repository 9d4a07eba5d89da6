-- How far a file of contacts has come. The same name is the same file: what of it was taken is not taken again.
CREATE TABLE contact_import (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  import       text        NOT NULL,
  -- Under the head, in the order of the file.
  lines        bigint      NOT NULL DEFAULT 0,
  created      bigint      NOT NULL DEFAULT 0,
  filled       bigint      NOT NULL DEFAULT 0,
  unchanged    bigint      NOT NULL DEFAULT 0,
  refused      bigint      NOT NULL DEFAULT 0,
  conflicts    bigint      NOT NULL DEFAULT 0,
  by           text        NOT NULL,
  begun_at     timestamptz NOT NULL,
  changed_at   timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, import)
);
SELECT homing_protect('contact_import', 'SELECT, INSERT, UPDATE');
