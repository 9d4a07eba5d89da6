-- Where an agent's reminders go while they are not at their console; empty: nowhere. Agents can be changed from now on.
ALTER TABLE agent ADD COLUMN email text NOT NULL DEFAULT '';
DO $$ BEGIN
  EXECUTE format('GRANT UPDATE ON agent TO %I', regexp_replace(current_user, '_owner$', ''));
  EXECUTE format('GRANT DELETE ON member TO %I', regexp_replace(current_user, '_owner$', ''));
END $$;

-- Whether a visitor finds somebody of a team (empty: of the workspace), as routing-service tells. It takes the place of
-- agent_availability, which only the release before reads and writes: a later migration drops it.
CREATE TABLE team_staffing (
  workspace_id text    NOT NULL CHECK (workspace_id <> ''),
  team         text    COLLATE "C" NOT NULL,
  is_staffed   boolean NOT NULL,
  -- Of the fact that told; the higher one counts.
  version      bigint  NOT NULL,
  PRIMARY KEY (workspace_id, team)
);
SELECT homing_protect('team_staffing', 'SELECT, INSERT, UPDATE');
