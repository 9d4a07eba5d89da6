-- How a number is reached.
ALTER TABLE delivery ADD COLUMN medium text NOT NULL DEFAULT 'sms',
  ADD CONSTRAINT delivery_medium_check CHECK (medium IN ('sms', 'whatsapp')) NOT VALID;
