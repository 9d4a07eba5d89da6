CREATE TABLE contact (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  id           uuid        NOT NULL,
  -- Null while nobody gave one.
  name         text,
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
SELECT homing_protect('contact', 'SELECT, INSERT, UPDATE');

CREATE TABLE address (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  id           uuid        NOT NULL,
  contact_id   uuid        NOT NULL,
  kind         text        NOT NULL CHECK (kind IN ('phone', 'email')),
  -- To send to.
  value        text        NOT NULL,
  -- What all spellings have in common.
  value_norm   text        NOT NULL,
  -- Of a phone number.
  country      text        CHECK (country ~ '^[A-Z]{2}$'),
  verified     boolean     NOT NULL DEFAULT false,
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT address_value UNIQUE (workspace_id, kind, value_norm),
  FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, id),
  CHECK ((kind = 'phone') = (country IS NOT NULL))
);
CREATE INDEX address_contact ON address (workspace_id, contact_id);
SELECT homing_protect('address', 'SELECT, INSERT');

-- What an address may be used for. Without a row: for nothing.
CREATE TABLE address_purpose (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  address_id   uuid        NOT NULL,
  purpose      text        NOT NULL CHECK (purpose IN ('support', 'outreach')),
  given_at     timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, address_id, purpose),
  FOREIGN KEY (workspace_id, address_id) REFERENCES address (workspace_id, id)
);
SELECT homing_protect('address_purpose', 'SELECT, INSERT');

-- What a person has to settle; nothing is merged or overwritten without one.
CREATE TABLE contact_conflict (
  workspace_id  text        NOT NULL CHECK (workspace_id <> ''),
  id            uuid        NOT NULL,
  contact_id    uuid        NOT NULL,
  -- Another name was given for the contact.
  other_name    text,
  -- Its addresses were given together with those of this contact.
  other_contact uuid,
  created_at    timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT contact_conflict_once UNIQUE NULLS NOT DISTINCT (workspace_id, contact_id, other_name, other_contact),
  FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, id),
  FOREIGN KEY (workspace_id, other_contact) REFERENCES contact (workspace_id, id),
  CHECK ((other_name IS NULL) <> (other_contact IS NULL))
);
SELECT homing_protect('contact_conflict', 'SELECT, INSERT');
