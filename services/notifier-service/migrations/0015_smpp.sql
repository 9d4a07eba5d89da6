-- What a provider that is spoken to by SMPP calls the parts of a text: its receipts name nothing else.
CREATE TABLE submitted_part (
  workspace_id text        NOT NULL,
  provider     text        NOT NULL,
  provider_id  text        NOT NULL,
  delivery     uuid        NOT NULL,
  -- of so many
  parts        integer     NOT NULL,
  arrived      boolean     NOT NULL DEFAULT false,
  at           timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, provider, provider_id),
  FOREIGN KEY (workspace_id, delivery) REFERENCES delivery (workspace_id, id)
);
CREATE INDEX submitted_part_of_provider ON submitted_part (provider, provider_id);
CREATE INDEX submitted_part_of_delivery ON submitted_part (workspace_id, delivery);
CREATE INDEX submitted_part_age ON submitted_part USING brin (at);
SELECT homing_protect('submitted_part', 'SELECT, INSERT, UPDATE');
-- A receipt does not say which workspace's text it is about: the worker looks that up.
SELECT homing_worker('submitted_part', 'workspace_id, provider, provider_id, delivery, at', '');
DO $$ BEGIN
  EXECUTE format('GRANT DELETE ON submitted_part TO %I', regexp_replace(current_user, '_owner$', '_worker'));
END $$;

-- A text that came by SMPP has no id: until its provider was told that we have it, the same words of the same sender are
-- taken for a repetition. A keyed hash of both.
ALTER TABLE inbound_text ADD COLUMN unanswered bytea;
CREATE UNIQUE INDEX inbound_text_unanswered ON inbound_text (workspace_id, unanswered) WHERE unanswered IS NOT NULL;
