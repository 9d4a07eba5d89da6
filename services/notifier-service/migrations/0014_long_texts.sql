-- Priced as one long text, as Korean carriers count.
ALTER TABLE delivery ADD COLUMN lms boolean NOT NULL DEFAULT false;
