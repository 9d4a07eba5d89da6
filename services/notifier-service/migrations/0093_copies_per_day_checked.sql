ALTER TABLE send_limit VALIDATE CONSTRAINT send_limit_scope_check;
