-- Where the provider was asked to bring the delivery: an unknown outcome is looked up there, and a retry goes nowhere
-- else. Null before the first attempt, and for attempts made before this column was there.
ALTER TABLE delivery ADD COLUMN attempted_address uuid;
