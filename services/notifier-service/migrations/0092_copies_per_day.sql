-- Copies of conversations that were asked for, counted for the workspace.
ALTER TABLE send_limit DROP CONSTRAINT send_limit_scope_check,
  ADD CONSTRAINT send_limit_scope_check CHECK (scope IN
    ('number', 'address', 'micro_pu', 'prefix', 'visitor', 'workspace', 'reply', 'keyword', 'copies')) NOT VALID;
