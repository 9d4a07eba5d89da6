-- Grows by one with each change.
ALTER TABLE workspace ADD COLUMN version bigint NOT NULL DEFAULT 1;
SELECT homing_protect('workspace', 'SELECT, INSERT, UPDATE');
