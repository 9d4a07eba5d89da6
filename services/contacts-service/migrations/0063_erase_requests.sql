-- routing-service keeps what visitors were asked, and whose requests for agents are.
ALTER TABLE erasure_step DROP CONSTRAINT erasure_step_step_check;
ALTER TABLE erasure_step ADD CONSTRAINT erasure_step_step_check
  CHECK (step IN ('contacts', 'notifier', 'presence', 'routing', 'gateway', 'conversation', 'dead_letters')) NOT VALID;
INSERT INTO erasure_step (workspace_id, erasure_id, step, done)
  SELECT workspace_id, id, 'routing', false FROM erasure WHERE done_at IS NULL;
