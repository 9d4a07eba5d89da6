-- When the next lease ends is asked whenever the timers sleep: without these, every armed row was read for it.
CREATE INDEX hold_lease ON hold (leased_until) WHERE due_at IS NOT NULL AND leased_until IS NOT NULL;
CREATE INDEX audit_lease ON audit (leased_until) WHERE due_at IS NOT NULL AND leased_until IS NOT NULL;
