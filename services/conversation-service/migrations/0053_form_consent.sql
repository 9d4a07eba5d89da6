-- What was agreed to in a form (contact, addresses, keys, given_at), until contacts-service has it.
ALTER TABLE form ADD COLUMN consent jsonb;
