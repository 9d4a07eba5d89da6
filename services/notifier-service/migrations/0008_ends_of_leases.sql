-- When the next lease ends is asked whenever the timers sleep: without these, every armed row was read for it.
CREATE INDEX follow_up_lease ON follow_up (leased_until) WHERE due_at IS NOT NULL AND leased_until IS NOT NULL;
CREATE INDEX delivery_lease ON delivery (leased_until) WHERE due_at IS NOT NULL AND leased_until IS NOT NULL;
