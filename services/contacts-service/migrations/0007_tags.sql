-- Who has a tag, so that a list by a rare one reads nobody else. Written by the trigger alone: also where a release before
-- this one changes tags. No foreign key: its checks would wait for everybody who writes to a contact, and none is deleted.
CREATE TABLE contact_tag (
  workspace_id text NOT NULL CHECK (workspace_id <> ''),
  tag          text NOT NULL,
  contact_id   uuid NOT NULL,
  PRIMARY KEY (workspace_id, tag, contact_id)
);
SELECT homing_protect('contact_tag', 'SELECT, INSERT, DELETE');

CREATE FUNCTION keep_contact_tags() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM contact_tag t WHERE t.workspace_id = OLD.workspace_id AND t.contact_id = OLD.id
      AND t.tag = ANY (OLD.tags) AND t.tag <> ALL (NEW.tags);
  END IF;
  INSERT INTO contact_tag (workspace_id, tag, contact_id)
    SELECT NEW.workspace_id, tag, NEW.id FROM unnest(NEW.tags) AS t(tag) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER contact_tags_given AFTER INSERT ON contact FOR EACH ROW WHEN (NEW.tags <> '{}')
  EXECUTE FUNCTION keep_contact_tags();
CREATE TRIGGER contact_tags_changed AFTER UPDATE OF tags ON contact FOR EACH ROW WHEN (NEW.tags IS DISTINCT FROM OLD.tags)
  EXECUTE FUNCTION keep_contact_tags();

-- What a merge filled later, when another one that had filled it first was undone: rows of the history of into_id.
ALTER TABLE contact_merge ADD COLUMN filled_later bigint[] NOT NULL DEFAULT '{}';
