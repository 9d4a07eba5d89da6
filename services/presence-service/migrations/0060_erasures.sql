-- Visitors of people who are erased.
DO $$ BEGIN
  EXECUTE format('GRANT DELETE ON visitor_presence TO %I', regexp_replace(current_user, '_owner$', ''));
END $$;
