-- Money that expires, plans that pay an allowance, thresholds, and accounts that are closed.
ALTER TABLE account
  ADD COLUMN closed_at     timestamptz,
  -- What of `available` does not expire, when the lots were last settled.
  ADD COLUMN unexpiring    bigint  NOT NULL DEFAULT 0 CHECK (unexpiring >= 0),
  -- Less than this available is told once, until money comes in.
  ADD COLUMN low_below     bigint  CHECK (low_below > 0),
  ADD COLUMN low_told      boolean NOT NULL DEFAULT false,
  -- At less than this available, `top_up_amount` is asked for once, until money comes in.
  ADD COLUMN top_up_below  bigint  CHECK (top_up_below > 0),
  ADD COLUMN top_up_amount bigint  CHECK (top_up_amount > 0),
  ADD COLUMN top_up_asked  boolean NOT NULL DEFAULT false,
  -- How many of both were told.
  ADD COLUMN told          bigint  NOT NULL DEFAULT 0 CHECK (told >= 0),
  ADD CONSTRAINT account_top_up CHECK ((top_up_below IS NULL) = (top_up_amount IS NULL));
UPDATE account SET unexpiring = available;

-- What a workspace pays for. No row: it may prepay, and has no allowance.
CREATE TABLE plan (
  workspace_id text    NOT NULL PRIMARY KEY CHECK (workspace_id <> ''),
  id           uuid    NOT NULL,
  paid         boolean NOT NULL,
  -- Paid in each month, gone at its end.
  allowance    bigint  NOT NULL CHECK (allowance >= 0),
  -- When the next month begins; null without an allowance.
  due_at       timestamptz,
  leased_until timestamptz
);
CREATE INDEX plan_due ON plan (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX plan_lease ON plan (leased_until) WHERE due_at IS NOT NULL AND leased_until IS NOT NULL;
SELECT homing_protect('plan', 'SELECT, INSERT, UPDATE');
SELECT homing_worker('plan', 'workspace_id, id, due_at, leased_until', 'leased_until');

-- Money that expires.
CREATE TABLE lot (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  id           uuid        NOT NULL,
  -- 2026-02, of an allowance; null of a top-up.
  period       text,
  amount       bigint      NOT NULL CHECK (amount > 0),
  -- What of it was not spent, when the lots were last settled.
  rest         bigint      NOT NULL CHECK (rest BETWEEN 0 AND amount),
  paid_at      timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  -- When it expires; null once it has.
  due_at       timestamptz,
  leased_until timestamptz,
  PRIMARY KEY (workspace_id, id),
  CHECK (due_at IS NOT NULL OR rest = 0)
);
CREATE UNIQUE INDEX lot_allowance_once ON lot (workspace_id, period) WHERE period IS NOT NULL;
CREATE INDEX lot_open ON lot (workspace_id, expires_at) WHERE due_at IS NOT NULL;
CREATE INDEX lot_due ON lot (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX lot_lease ON lot (leased_until) WHERE due_at IS NOT NULL AND leased_until IS NOT NULL;
SELECT homing_protect('lot', 'SELECT, INSERT, UPDATE');
SELECT homing_worker('lot', 'workspace_id, id, due_at, leased_until', 'leased_until');

-- Allowances and what expired are lines of the journal too; a line names the lot that it fills or empties.
ALTER TABLE transfer
  ADD COLUMN lot uuid,
  DROP CONSTRAINT transfer_reason_check,
  DROP CONSTRAINT transfer_debit_check,
  DROP CONSTRAINT transfer_credit_check,
  DROP CONSTRAINT transfer_check2,
  ADD CONSTRAINT transfer_reason_check CHECK
    (reason IN ('top_up', 'allowance', 'lapse', 'hold', 'capture', 'release', 'expire', 'late_charge')),
  ADD CONSTRAINT transfer_debit_check CHECK (debit IN ('funds', 'plan', 'available', 'held', 'shortfall')),
  ADD CONSTRAINT transfer_credit_check CHECK (credit IN ('available', 'held', 'spent', 'lapsed')),
  ADD CONSTRAINT transfer_delivery_check CHECK ((reason IN ('top_up', 'allowance', 'lapse')) = (delivery IS NULL)),
  ADD CONSTRAINT transfer_lot_check CHECK
    (CASE WHEN reason IN ('allowance', 'lapse') THEN lot IS NOT NULL ELSE lot IS NULL OR reason = 'top_up' END);
CREATE UNIQUE INDEX transfer_lapsed_once ON transfer (workspace_id, lot) WHERE reason = 'lapse';
CREATE UNIQUE INDEX transfer_paid_once ON transfer (workspace_id, lot) WHERE debit IN ('funds', 'plan') AND lot IS NOT NULL;
