-- The conversation that this one continues, and the phone address it took over: nobody gave that one anew.
ALTER TABLE conversation_view ADD COLUMN continues uuid, ADD COLUMN continued_phone uuid,
  ADD CHECK (continued_phone IS NULL OR continues IS NOT NULL);
