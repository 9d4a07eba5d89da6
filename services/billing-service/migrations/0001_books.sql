-- Amounts are micro-PU.

-- One row per workspace: balances kept with the journal, and the time zone that usage is summed in.
CREATE TABLE account (
  workspace_id text        NOT NULL PRIMARY KEY CHECK (workspace_id <> ''),
  time_zone    text        NOT NULL DEFAULT 'UTC',
  available    bigint      NOT NULL DEFAULT 0 CHECK (available >= 0),
  held         bigint      NOT NULL DEFAULT 0 CHECK (held >= 0),
  opened_at    timestamptz NOT NULL
) WITH (fillfactor = 50);
SELECT homing_protect('account', 'SELECT, INSERT, UPDATE');

-- The journal: each line takes its amount from one side and gives it to another. Nobody may change or delete a line.
CREATE TABLE transfer (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  id           uuid        NOT NULL,
  reason       text        NOT NULL CHECK (reason IN ('top_up', 'hold', 'capture', 'release', 'expire', 'late_charge')),
  debit        text        NOT NULL CHECK (debit IN ('funds', 'available', 'held', 'spent', 'shortfall')),
  credit       text        NOT NULL CHECK (credit IN ('funds', 'available', 'held', 'spent', 'shortfall')),
  amount       bigint      NOT NULL CHECK (amount > 0),
  delivery     uuid,
  request_id   text,
  at           timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, id),
  CHECK (debit <> credit),
  CHECK ((reason = 'top_up') = (request_id IS NOT NULL)),
  CHECK ((reason = 'top_up') = (delivery IS NULL))
);
CREATE UNIQUE INDEX transfer_top_up_once ON transfer (workspace_id, request_id) WHERE request_id IS NOT NULL;
CREATE UNIQUE INDEX transfer_charged_once ON transfer (workspace_id, delivery) WHERE credit = 'spent';
SELECT homing_protect('transfer', 'SELECT, INSERT');

-- The money of one delivery; `id` is the delivery's.
CREATE TABLE hold (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  id           uuid        NOT NULL,
  -- Null while only facts about the delivery came.
  kind         text        CHECK (kind IN ('sms', 'lms', 'email')),
  -- Empty for e-mail.
  country      text        CHECK (country ~ '^([A-Z]{2})?$'),
  parts        integer     CHECK (parts BETWEEN 1 AND 255),
  amount       bigint      NOT NULL CHECK (amount >= 0),
  state        text        NOT NULL CHECK (state IN ('noted', 'held', 'captured', 'released', 'expired')),
  attempted    boolean     NOT NULL,
  created_at   timestamptz NOT NULL,
  -- When it was captured, released or expired.
  settled_at   timestamptz,
  -- When it expires; null where it cannot.
  due_at       timestamptz,
  leased_until timestamptz,
  PRIMARY KEY (workspace_id, id),
  CHECK ((kind IS NULL) = (country IS NULL) AND (kind IS NULL) = (parts IS NULL)),
  CHECK (kind IS NOT NULL OR (amount = 0 AND state IN ('noted', 'released'))),
  CHECK (due_at IS NULL OR (state = 'held' AND NOT attempted))
) WITH (fillfactor = 80);
CREATE INDEX hold_due ON hold (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX hold_open ON hold (workspace_id, created_at) WHERE state = 'held';
CREATE INDEX hold_log ON hold (workspace_id, created_at DESC, id DESC);
CREATE INDEX hold_usage ON hold (workspace_id, settled_at) WHERE state = 'captured';
SELECT homing_protect('hold', 'SELECT, INSERT, UPDATE');
SELECT homing_worker('hold', 'workspace_id, id, due_at, leased_until', 'leased_until');

-- What a part costs from a date on.
CREATE TABLE price (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  kind         text        NOT NULL CHECK (kind IN ('sms', 'lms', 'email')),
  country      text        NOT NULL CHECK (country ~ '^([A-Z]{2}|\*)$'),
  valid_from   timestamptz NOT NULL,
  micro_pu     bigint      NOT NULL CHECK (micro_pu >= 0),
  PRIMARY KEY (workspace_id, kind, country, valid_from)
);
SELECT homing_protect('price', 'SELECT, INSERT, UPDATE');

-- When each workspace's books are compared next.
CREATE TABLE audit (
  workspace_id text        NOT NULL PRIMARY KEY CHECK (workspace_id <> ''),
  id           uuid        NOT NULL,
  due_at       timestamptz,
  leased_until timestamptz
);
CREATE INDEX audit_due ON audit (due_at) WHERE due_at IS NOT NULL;
SELECT homing_protect('audit', 'SELECT, INSERT, UPDATE');
SELECT homing_worker('audit', 'workspace_id, id, due_at, leased_until', 'leased_until');

-- Where kept balances and the journal, or held balances and open holds, disagree. No row: the books are right.
CREATE FUNCTION books_drift() RETURNS TABLE (workspace_id text, what text, kept bigint, counted bigint)
LANGUAGE sql STABLE AS $$
  WITH side AS (
    SELECT t.workspace_id, t.credit AS ledger, t.amount FROM transfer t
    UNION ALL
    SELECT t.workspace_id, t.debit, -t.amount FROM transfer t
  ), journal AS (
    SELECT s.workspace_id, s.ledger, sum(s.amount)::bigint AS amount FROM side s GROUP BY 1, 2
  ), open AS (
    SELECT h.workspace_id, sum(h.amount)::bigint AS amount FROM hold h WHERE h.state = 'held' GROUP BY 1
  ), kept AS (
    SELECT a.workspace_id, 'available' AS ledger, a.available AS amount FROM account a
    UNION ALL
    SELECT a.workspace_id, 'held', a.held FROM account a
  )
  SELECT workspace_id, ledger || ' differs from the journal', coalesce(c.amount, 0), coalesce(j.amount, 0)
  FROM kept c
  FULL JOIN (SELECT * FROM journal WHERE ledger IN ('available', 'held')) j USING (workspace_id, ledger)
  WHERE coalesce(c.amount, 0) <> coalesce(j.amount, 0)
  UNION ALL
  SELECT workspace_id, 'held differs from the open holds', coalesce(a.held, 0), coalesce(o.amount, 0)
  FROM account a FULL JOIN open o USING (workspace_id)
  WHERE coalesce(a.held, 0) <> coalesce(o.amount, 0)
$$;
