-- What a person bought, as the highest version of an order tells.
CREATE TABLE purchase (
  workspace_id    text        NOT NULL CHECK (workspace_id <> ''),
  id              uuid        NOT NULL,
  integration     text        NOT NULL,
  -- The shop's own id of it.
  order_id        text        NOT NULL,
  version         bigint      NOT NULL CHECK (version > 0),
  -- Whose it is, as the highest version said that named anybody, and which version that was.
  contact_id      uuid        NOT NULL,
  contact_version bigint      NOT NULL,
  -- The contact that contact_id is part of now.
  owner_id        uuid        NOT NULL,
  status          text        NOT NULL CHECK (status IN
    ('placed', 'paid', 'processing', 'shipped', 'delivered', 'cancelled', 'returned', 'refunded')),
  currency        text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  total_minor     bigint      NOT NULL CHECK (total_minor >= 0),
  channel         text,
  placed_at       timestamptz NOT NULL,
  changed_at      timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, id),
  FOREIGN KEY (workspace_id, owner_id) REFERENCES contact (workspace_id, id)
);
-- With conditions that a look-up by id has not: while the table is empty any index is as good as the primary key.
CREATE UNIQUE INDEX purchase_order ON purchase (workspace_id, integration, order_id) WHERE order_id IS NOT NULL;
CREATE INDEX purchase_owner ON purchase (workspace_id, owner_id, placed_at) WHERE owner_id IS NOT NULL;
SELECT homing_protect('purchase', 'SELECT, INSERT, UPDATE');

CREATE TABLE purchase_line (
  workspace_id text    NOT NULL CHECK (workspace_id <> ''),
  purchase_id  uuid    NOT NULL,
  no           integer NOT NULL,
  name         text    NOT NULL,
  sku          text,
  quantity     integer NOT NULL CHECK (quantity > 0),
  unit_minor   bigint  NOT NULL CHECK (unit_minor >= 0),
  PRIMARY KEY (workspace_id, purchase_id, no),
  FOREIGN KEY (workspace_id, purchase_id) REFERENCES purchase (workspace_id, id)
);
SELECT homing_protect('purchase_line', 'SELECT, INSERT, DELETE');

CREATE TABLE purchase_parcel (
  workspace_id    text    NOT NULL CHECK (workspace_id <> ''),
  purchase_id     uuid    NOT NULL,
  no              integer NOT NULL,
  carrier         text    NOT NULL,
  tracking_number text    NOT NULL,
  tracking_url    text,
  status          text,
  PRIMARY KEY (workspace_id, purchase_id, no),
  FOREIGN KEY (workspace_id, purchase_id) REFERENCES purchase (workspace_id, id)
);
SELECT homing_protect('purchase_parcel', 'SELECT, INSERT, DELETE');

-- Every version of an order that was told of, so that none comes twice with other content.
CREATE TABLE purchase_version (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  purchase_id  uuid        NOT NULL,
  version      bigint      NOT NULL,
  -- SHA-256 of what it said.
  digest       bytea       NOT NULL,
  status       text        NOT NULL,
  at           timestamptz NOT NULL,
  recorded_at  timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, purchase_id, version),
  FOREIGN KEY (workspace_id, purchase_id) REFERENCES purchase (workspace_id, id)
);
SELECT homing_protect('purchase_version', 'SELECT, INSERT');
