-- What teams say by themselves.
CREATE TABLE automatic_messages (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  team_id      text        NOT NULL,
  -- Grows by one with each change.
  version      bigint      NOT NULL,
  -- messages by kind (on, business_name, team_name, extra_text), open_for_missed_calls, contact_page.
  settings     jsonb       NOT NULL,
  changed_at   timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, team_id),
  FOREIGN KEY (workspace_id, team_id) REFERENCES team
);
SELECT homing_protect('automatic_messages', 'SELECT, INSERT, UPDATE');

-- What a message is beyond its words; absent of what somebody wrote.
ALTER TABLE message ADD COLUMN content jsonb;

ALTER TABLE conversation
  -- Empty: nobody; bot; agent; agent/<slug>.
  ADD COLUMN served_by text NOT NULL DEFAULT '',
  -- The question that the customer's next message may answer.
  ADD COLUMN asked text,
  -- End of the closed period that the customer was told of.
  ADD COLUMN closed_told_until timestamptz;

-- What customers answered when asked how the help was. Who writes it holds the lock on the conversation's row.
CREATE TABLE rating (
  workspace_id    text        NOT NULL CHECK (workspace_id <> ''),
  conversation_id uuid        NOT NULL,
  seq             bigint      NOT NULL,
  -- The order in which they are listed.
  id              uuid        NOT NULL,
  -- Who had answered last; absent where that is not known.
  agent_id        text,
  rating          smallint    NOT NULL CHECK (rating BETWEEN 1 AND 5),
  at              timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, conversation_id, seq)
);
CREATE UNIQUE INDEX rating_list ON rating (workspace_id, id);
SELECT homing_protect('rating', 'SELECT, INSERT');
