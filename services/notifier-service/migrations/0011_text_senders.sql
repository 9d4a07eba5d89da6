-- Who the attempted text came from: what is written to that number answers it.
ALTER TABLE delivery ADD COLUMN sender text NOT NULL DEFAULT '';
