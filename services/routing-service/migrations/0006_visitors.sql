-- Whose requests are, for who is erased and for who spoke first.
CREATE INDEX request_of_visitor ON request (workspace_id, visitor_id) WHERE visitor_id IS NOT NULL;
-- Invitations that no rule looks back to leave.
CREATE INDEX invitation_age ON invitation (changed_at) WHERE state IN ('declined', 'expired', 'ended', 'abandoned');
SELECT homing_worker('invitation', 'workspace_id, id, state, changed_at, due_at, leased_until', 'leased_until');
DO $$
DECLARE worker text := regexp_replace(current_user, '_owner$', '_worker');
BEGIN
  EXECUTE format('GRANT DELETE ON invitation TO %I', worker);
END $$;
