-- Mails to an address are counted too (key: its keyed hash).
ALTER TABLE send_limit DROP CONSTRAINT send_limit_scope_check,
  ADD CONSTRAINT send_limit_scope_check CHECK (scope IN ('number', 'address', 'micro_pu'));
