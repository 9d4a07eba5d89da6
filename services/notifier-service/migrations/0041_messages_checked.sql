ALTER TABLE delivery VALIDATE CONSTRAINT delivery_purpose_check;
ALTER TABLE delivery VALIDATE CONSTRAINT delivery_seq_check;
