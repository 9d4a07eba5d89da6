-- How many chats of one kind an agent takes at once, and holds. A row of every kind, from the agent's first word on.
CREATE TABLE agent_load (
  workspace_id  text        NOT NULL CHECK (workspace_id <> ''),
  agent         text        COLLATE "C" NOT NULL,
  kind          text        NOT NULL CHECK (kind IN ('web', 'sms', 'email', 'whatsapp', 'facebook', 'instagram', 'voice')),
  capacity      integer     NOT NULL CHECK (capacity >= 0),
  -- Requests that they are alerted to or serve, other than as an admin.
  in_use        integer     NOT NULL CHECK (in_use >= 0),
  -- They are available and connected.
  is_open       boolean     NOT NULL,
  last_given_at timestamptz NOT NULL,
  is_free       boolean     NOT NULL GENERATED ALWAYS AS (is_open AND in_use < capacity) STORED,
  share         real        NOT NULL GENERATED ALWAYS AS (CASE WHEN capacity > 0 THEN in_use::real / capacity ELSE 1 END) STORED,
  PRIMARY KEY (workspace_id, agent, kind)
);
-- Who is asked first.
CREATE INDEX agent_load_free ON agent_load (workspace_id, kind, share, last_given_at, agent) WHERE is_free;
SELECT homing_protect('agent_load', 'SELECT, INSERT, UPDATE');
INSERT INTO agent_load (workspace_id, agent, kind, capacity, in_use, is_open, last_given_at)
  SELECT workspace_id, agent, kind, 3, 0, availability = 'available' AND is_connected, '-infinity'
  FROM agent CROSS JOIN unnest(ARRAY['web', 'sms', 'email', 'whatsapp', 'facebook', 'instagram', 'voice']) kind;
ALTER TABLE agent DROP COLUMN capacity, DROP COLUMN last_given_at;

-- Chats that somebody is to serve. Who writes one holds the workspace's lock.
CREATE TABLE request (
  workspace_id    text        NOT NULL CHECK (workspace_id <> ''),
  id              uuid        NOT NULL,
  channel         text        NOT NULL,
  kind            text        NOT NULL,
  -- In whose queue it is; empty: the workspace's own.
  team            text        NOT NULL,
  -- Empty: any.
  language        text        NOT NULL,
  state           text        NOT NULL CHECK (state IN ('waiting', 'alerted', 'serving', 'done', 'resolved')),
  -- 0: it was served already, and went back to the front.
  priority        smallint    NOT NULL CHECK (priority BETWEEN 0 AND 9),
  waiting_since   timestamptz NOT NULL,
  -- Who is alerted, or serves it; null in other states.
  assignee        text        COLLATE "C",
  -- They serve it as an admin, which does not count against their capacity.
  is_admin        boolean     NOT NULL,
  alert_seconds   integer     NOT NULL,
  alert_until     timestamptz,
  -- For whom alone it waits, and until when.
  kept_agent      text        COLLATE "C",
  kept_until      timestamptz,
  -- Who was alerted in vain: agent, until, times, is_declined; and of them those who were passed over when this was written.
  passes          jsonb       NOT NULL,
  passed          text[]      NOT NULL,
  conversation_id uuid,
  visitor_id      uuid,
  contact_id      uuid,
  invitation_id   uuid,
  -- Where the visitor is; null when it is done.
  page            jsonb,
  -- Grows by one with each change; each is told once.
  version         bigint      NOT NULL CHECK (version > 0),
  -- Who served it last, and since when.
  last_agent      text        COLLATE "C",
  given_at        timestamptz,
  -- When somebody first served it out of the queue.
  served_at       timestamptz,
  -- Set in the states done and resolved.
  done_at         timestamptz,
  due_at          timestamptz,
  leased_until    timestamptz,
  PRIMARY KEY (workspace_id, id),
  CHECK ((state IN ('alerted', 'serving')) = (assignee IS NOT NULL)),
  CHECK ((state = 'alerted') = (alert_until IS NOT NULL))
);
CREATE UNIQUE INDEX request_conversation ON request (workspace_id, conversation_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX request_queue ON request (workspace_id, team, priority, waiting_since, id) WHERE state = 'waiting';
CREATE INDEX request_waiting ON request (workspace_id, priority, waiting_since, id) WHERE state = 'waiting';
CREATE INDEX request_kept ON request (workspace_id, kept_agent) WHERE state = 'waiting' AND kept_agent IS NOT NULL;
CREATE INDEX request_held ON request (workspace_id, id) WHERE state IN ('alerted', 'serving');
CREATE INDEX request_held_by ON request (workspace_id, assignee, id) WHERE state IN ('alerted', 'serving');
CREATE INDEX request_held_of ON request (workspace_id, team, state) WHERE state IN ('alerted', 'serving');
CREATE INDEX request_contact ON request (workspace_id, contact_id, given_at) WHERE contact_id IS NOT NULL AND given_at IS NOT NULL;
CREATE INDEX request_visitor ON request (workspace_id, visitor_id, given_at) WHERE visitor_id IS NOT NULL AND given_at IS NOT NULL;
CREATE INDEX request_served ON request (workspace_id, team, served_at) WHERE served_at IS NOT NULL;
CREATE INDEX request_done ON request (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX request_due ON request (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX request_lease ON request (leased_until) WHERE due_at IS NOT NULL AND leased_until IS NOT NULL;
SELECT homing_protect('request', 'SELECT, INSERT, UPDATE');
SELECT homing_worker('request', 'workspace_id, id, done_at, due_at, leased_until', 'leased_until');

-- Who had a request, one row per change.
CREATE TABLE assignment (
  workspace_id  text        NOT NULL CHECK (workspace_id <> ''),
  request_id    uuid        NOT NULL,
  -- The request's.
  version       bigint      NOT NULL,
  assignee_kind text        NOT NULL CHECK (assignee_kind IN ('nobody', 'agent', 'admin', 'team')),
  assignee      text        NOT NULL,
  cause         text        NOT NULL,
  -- Null: nobody in person.
  by_agent      text,
  at            timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, request_id, version)
);
SELECT homing_protect('assignment', 'SELECT, INSERT');
SELECT homing_worker('assignment', 'workspace_id, request_id', '');

-- Conversations that were resolved before anybody asked for them here: what is told of them later begins nothing.
CREATE TABLE resolved_conversation (
  workspace_id    text        NOT NULL CHECK (workspace_id <> ''),
  conversation_id uuid        NOT NULL,
  at              timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, conversation_id)
);
CREATE INDEX resolved_conversation_age ON resolved_conversation USING brin (at);
SELECT homing_protect('resolved_conversation', 'SELECT, INSERT');
SELECT homing_worker('resolved_conversation', 'workspace_id, conversation_id, at', '');
DO $$
DECLARE worker text := regexp_replace(current_user, '_owner$', '_worker');
BEGIN
  EXECUTE format('GRANT DELETE ON request, assignment, resolved_conversation TO %I', worker);
END $$;
