-- What is wrong with lines of files of contacts, so that it can be read again when the answer was lost. Names no value.
CREATE TABLE contact_import_problem (
  workspace_id text    NOT NULL CHECK (workspace_id <> ''),
  import       text    NOT NULL,
  -- The order in which lines were looked at; 1 first.
  place        bigint  NOT NULL,
  -- As an editor counts them; the head is line 1.
  line         bigint  NOT NULL,
  -- The column; empty where the whole line is meant.
  cell         text    NOT NULL,
  reason       text    NOT NULL,
  -- The line was taken all the same.
  taken        boolean NOT NULL,
  PRIMARY KEY (workspace_id, import, place),
  FOREIGN KEY (workspace_id, import) REFERENCES contact_import (workspace_id, import)
);
SELECT homing_protect('contact_import_problem', 'SELECT, INSERT');
