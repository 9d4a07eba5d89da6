-- Conversations that began with a first message to somebody who had not written.
ALTER TABLE conversation ADD COLUMN outreach boolean NOT NULL DEFAULT false;
