ALTER TABLE delivery VALIDATE CONSTRAINT delivery_medium_check;
