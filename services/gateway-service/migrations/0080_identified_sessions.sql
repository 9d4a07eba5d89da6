-- Who a session's visitor is by the word of the workspace's site; null: nobody said.
ALTER TABLE session ADD COLUMN contact uuid;
