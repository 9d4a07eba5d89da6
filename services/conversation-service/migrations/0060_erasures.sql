-- When a person asked for what was said here to be erased: nothing of it is left, and nobody's it is.
ALTER TABLE conversation ADD COLUMN erased_at timestamptz;
DO $$ BEGIN
  EXECUTE format('GRANT DELETE ON message TO %I', regexp_replace(current_user, '_owner$', ''));
END $$;
