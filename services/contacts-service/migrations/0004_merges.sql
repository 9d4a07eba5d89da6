-- One person who was kept as two. The contact that went into another keeps its own fields, and takes part in nothing more
-- until that is undone; its addresses move, and move back.
ALTER TABLE contact
  ADD COLUMN merged_into uuid,
  ADD FOREIGN KEY (workspace_id, merged_into) REFERENCES contact (workspace_id, id),
  ADD CHECK (merged_into <> id);
CREATE INDEX contact_merged ON contact (workspace_id, merged_into) WHERE merged_into IS NOT NULL;

-- What a merge did, so that it can be undone.
CREATE TABLE contact_merge (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  id           uuid        NOT NULL,
  -- Went into the other one.
  contact_id   uuid        NOT NULL,
  into_id      uuid        NOT NULL,
  -- Of into_id after the merge: the row of its history that says which fields were filled.
  version      bigint      NOT NULL,
  -- That moved.
  addresses    uuid[]      NOT NULL,
  at           timestamptz NOT NULL,
  by           text        NOT NULL,
  undone_at    timestamptz,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, id),
  FOREIGN KEY (workspace_id, into_id) REFERENCES contact (workspace_id, id)
);
CREATE UNIQUE INDEX contact_merge_standing ON contact_merge (workspace_id, contact_id) WHERE undone_at IS NULL;
SELECT homing_protect('contact_merge', 'SELECT, INSERT, UPDATE');

-- A conflict that a person has settled is not raised again.
ALTER TABLE contact_conflict ADD COLUMN settled_at timestamptz, ADD COLUMN settled_by text;
CREATE INDEX contact_conflict_open ON contact_conflict (workspace_id, id) WHERE settled_at IS NULL;
DO $$ BEGIN
  EXECUTE format('GRANT UPDATE (contact_id) ON address TO %I', regexp_replace(current_user, '_owner$', ''));
  EXECUTE format('GRANT UPDATE (settled_at, settled_by) ON contact_conflict TO %I', regexp_replace(current_user, '_owner$', ''));
END $$;

-- What an address may be used for now. A withdrawal of whom it belongs to ends a consent as one of who gave it does: after a
-- merge was undone these may be two contacts. The function of two arguments stays for the releases before this one.
CREATE FUNCTION address_purposes(workspace text, address uuid, owner uuid) RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT ARRAY(
    SELECT p.purpose FROM address_purpose p WHERE p.workspace_id = workspace AND p.address_id = address
    UNION
    SELECT c.purpose FROM consent_address a
    JOIN consent c ON c.workspace_id = a.workspace_id AND c.id = a.consent_id
    WHERE a.workspace_id = workspace AND a.address_id = address
      AND NOT EXISTS (SELECT FROM withdrawal w WHERE w.workspace_id = c.workspace_id
        AND w.contact_id IN (c.contact_id, owner) AND w.purpose = c.purpose AND w.at >= c.given_at))
$$;
DO $$ BEGIN
  EXECUTE format('ALTER POLICY purpose ON address TO %I USING (
    (SELECT homing_purpose()) = ''upkeep'' OR (SELECT homing_purpose()) = ANY (address_purposes(workspace_id, id, contact_id)))',
    regexp_replace(current_user, '_owner$', ''));
END $$;
