-- Looks through all addresses while others write.
ALTER TABLE address VALIDATE CONSTRAINT address_kind_known;
