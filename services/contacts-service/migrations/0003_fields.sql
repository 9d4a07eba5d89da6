-- What is known of a person beside how to reach them, and who changed it when.
ALTER TABLE contact
  -- Grows by one with each change.
  ADD COLUMN version bigint NOT NULL DEFAULT 1,
  ADD COLUMN stage   text   NOT NULL DEFAULT 'lead' CHECK (stage IN ('lead', 'customer')),
  -- The channel in which the person first gave an address. Null: nobody said.
  ADD COLUMN source  text,
  ADD COLUMN tags    text[] NOT NULL DEFAULT '{}';

-- Custom values.
CREATE TABLE contact_data (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  contact_id   uuid        NOT NULL,
  key          text        NOT NULL,
  value        text        NOT NULL,
  at           timestamptz NOT NULL,
  by           text        NOT NULL,
  PRIMARY KEY (workspace_id, contact_id, key),
  FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, id)
);
SELECT homing_protect('contact_data');

-- Every change of a contact's fields: three lists of one length.
CREATE TABLE contact_change (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  contact_id   uuid        NOT NULL,
  -- Of the contact, after the change.
  version      bigint      NOT NULL,
  at           timestamptz NOT NULL,
  by           text        NOT NULL,
  fields       text[]      NOT NULL,
  -- Null where there was none, or is none.
  before       text[]      NOT NULL,
  after        text[]      NOT NULL,
  PRIMARY KEY (workspace_id, contact_id, version),
  FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, id)
);
SELECT homing_protect('contact_change', 'SELECT, INSERT');

-- What a person gave in a channel, the first time they gave it there.
CREATE TABLE captured (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  id           uuid        NOT NULL,
  contact_id   uuid        NOT NULL,
  address_id   uuid,
  name         text,
  channel      text,
  at           timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT captured_once UNIQUE NULLS NOT DISTINCT (workspace_id, contact_id, address_id, name, channel),
  FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, id),
  FOREIGN KEY (workspace_id, address_id) REFERENCES address (workspace_id, id),
  CHECK ((address_id IS NULL) <> (name IS NULL))
);
SELECT homing_protect('captured', 'SELECT, INSERT');
