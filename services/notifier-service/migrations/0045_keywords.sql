-- Answers to keywords, each counted once a day for a number (key: the word and the number's keyed hash).
ALTER TABLE delivery DROP CONSTRAINT delivery_purpose_check,
  ADD CONSTRAINT delivery_purpose_check CHECK (purpose IN ('follow_up', 'confirmation', 'message', 'stop', 'start', 'help')) NOT VALID;
ALTER TABLE send_limit DROP CONSTRAINT send_limit_scope_check,
  ADD CONSTRAINT send_limit_scope_check
    CHECK (scope IN ('number', 'address', 'micro_pu', 'prefix', 'visitor', 'workspace', 'reply', 'keyword'));
