-- Mails to one reply address are counted too.
ALTER TABLE send_limit DROP CONSTRAINT send_limit_scope_check,
  ADD CONSTRAINT send_limit_scope_check
    CHECK (scope IN ('number', 'address', 'micro_pu', 'prefix', 'visitor', 'workspace', 'reply'));
