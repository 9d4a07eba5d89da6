ALTER TABLE delivery VALIDATE CONSTRAINT delivery_purpose_check;
ALTER TABLE delivery VALIDATE CONSTRAINT delivery_up_to_seq_check;
