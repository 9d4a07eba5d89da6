-- When a visitor was last heard of, or a place was kept. For rows that were there before: from now on.
ALTER TABLE presence_view ADD COLUMN heard_at timestamptz NOT NULL DEFAULT now();

CREATE INDEX presence_view_age ON presence_view USING brin (heard_at);
CREATE INDEX return_link_age ON return_link USING brin (expires_at);
SELECT homing_worker('presence_view', 'workspace_id, visitor, heard_at', '');
SELECT homing_worker('return_link', 'workspace_id, token_hash, expires_at', '');
DO $$ BEGIN
  EXECUTE format('GRANT DELETE ON presence_view, return_link TO %I', regexp_replace(current_user, '_owner$', '_worker'));
END $$;
