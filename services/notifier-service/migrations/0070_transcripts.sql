-- Copies of conversations by mail: a delivery of these tells what was said up to a sequence, else 0.
ALTER TABLE delivery ADD COLUMN up_to_seq bigint NOT NULL DEFAULT 0,
  DROP CONSTRAINT delivery_purpose_check,
  ADD CONSTRAINT delivery_purpose_check CHECK (purpose IN
    ('follow_up', 'confirmation', 'message', 'stop', 'start', 'help', 'transcript', 'transcript_at_end')) NOT VALID,
  ADD CONSTRAINT delivery_up_to_seq_check CHECK ((purpose IN ('transcript', 'transcript_at_end')) = (up_to_seq > 0)) NOT VALID;
-- When it was resolved, and the newest message then; null where that was not told.
ALTER TABLE conversation_view ADD COLUMN ended_at timestamptz, ADD COLUMN ended_up_to bigint;
