-- The worker counts who waits, of each kind.
SELECT homing_worker('request', 'workspace_id, id, done_at, due_at, leased_until, state, kind, waiting_since', 'leased_until');
DO $$
DECLARE worker text := regexp_replace(current_user, '_owner$', '_worker');
BEGIN
  EXECUTE format('GRANT DELETE ON request TO %I', worker);
END $$;
