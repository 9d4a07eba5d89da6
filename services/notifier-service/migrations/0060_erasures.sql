-- The conversation of a person who was erased: nothing more is sent because of it, and what is told of whose it is, is not kept.
ALTER TABLE conversation_view ADD COLUMN erased boolean NOT NULL DEFAULT false;
DO $$ BEGIN
  EXECUTE format('GRANT DELETE ON return_link, reply_address TO %I', regexp_replace(current_user, '_owner$', ''));
END $$;
