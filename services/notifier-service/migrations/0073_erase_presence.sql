-- What was told of a visitor's presence goes with the person.
DO $$ BEGIN
  EXECUTE format('GRANT DELETE ON presence_view TO %I', regexp_replace(current_user, '_owner$', ''));
END $$;
