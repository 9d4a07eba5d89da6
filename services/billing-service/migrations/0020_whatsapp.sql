-- Messages by WhatsApp are a kind of their own.
ALTER TABLE hold DROP CONSTRAINT hold_kind_check,
  ADD CONSTRAINT hold_kind_check CHECK (kind IN ('sms', 'lms', 'email', 'whatsapp')) NOT VALID;
ALTER TABLE price DROP CONSTRAINT price_kind_check,
  ADD CONSTRAINT price_kind_check CHECK (kind IN ('sms', 'lms', 'email', 'whatsapp')) NOT VALID;
ALTER TABLE usage DROP CONSTRAINT usage_kind_check,
  ADD CONSTRAINT usage_kind_check CHECK (kind IN ('sms', 'lms', 'email', 'whatsapp')) NOT VALID;
