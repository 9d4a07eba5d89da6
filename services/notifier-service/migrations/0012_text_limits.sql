-- Texts are also counted per number prefix (key: keyed hash of the number without its last four digits), per visitor
-- (key: the id's bytes) and per workspace (key: empty).
ALTER TABLE send_limit DROP CONSTRAINT send_limit_scope_check,
  ADD CONSTRAINT send_limit_scope_check
    CHECK (scope IN ('number', 'address', 'micro_pu', 'prefix', 'visitor', 'workspace'));
