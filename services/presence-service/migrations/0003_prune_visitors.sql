-- Who has been gone for too long is deleted in batches, over all workspaces, by the worker.
CREATE INDEX visitor_presence_age ON visitor_presence USING brin (since);
DO $$ BEGIN
  EXECUTE format('GRANT DELETE ON visitor_presence TO %I', regexp_replace(current_user, '_owner$', '_worker'));
END $$;
