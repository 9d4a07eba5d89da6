-- A delivery may carry a message of an agent's: its sequence, else 0.
ALTER TABLE delivery ADD COLUMN seq bigint NOT NULL DEFAULT 0,
  DROP CONSTRAINT delivery_purpose_check,
  ADD CONSTRAINT delivery_purpose_check CHECK (purpose IN ('follow_up', 'confirmation', 'message')) NOT VALID,
  ADD CONSTRAINT delivery_seq_check CHECK ((purpose = 'message') = (seq > 0)) NOT VALID;
