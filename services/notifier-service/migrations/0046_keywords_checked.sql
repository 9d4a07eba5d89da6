ALTER TABLE delivery VALIDATE CONSTRAINT delivery_purpose_check;
