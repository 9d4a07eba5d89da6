-- What was captured in each quarter of an hour, so that a month of a million messages is read from some thousand rows.
-- Every time zone's midnight is the beginning of a quarter.
CREATE TABLE usage (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  quarter      timestamptz NOT NULL,
  kind         text        NOT NULL CHECK (kind IN ('sms', 'lms', 'email')),
  -- Empty for e-mail.
  country      text        NOT NULL,
  messages     bigint      NOT NULL CHECK (messages > 0),
  parts        bigint      NOT NULL CHECK (parts > 0),
  amount       bigint      NOT NULL CHECK (amount >= 0),
  PRIMARY KEY (workspace_id, quarter, kind, country)
) WITH (fillfactor = 50);
SELECT homing_protect('usage', 'SELECT, INSERT, UPDATE');

-- Whether a captured message is in `usage`; those that a release before this one captures are not, and are read as they are.
ALTER TABLE hold ADD COLUMN metered boolean NOT NULL DEFAULT false;
UPDATE hold SET metered = true WHERE state = 'captured';
INSERT INTO usage (workspace_id, quarter, kind, country, messages, parts, amount)
SELECT workspace_id, date_bin('15 minutes', settled_at, '2000-01-01T00:00:00Z'), kind, country, count(*), sum(parts), sum(amount)
FROM hold WHERE state = 'captured' GROUP BY 1, 2, 3, 4;
CREATE INDEX hold_unmetered ON hold (workspace_id, settled_at) WHERE state = 'captured' AND NOT metered;

-- Where the sums of usage and the captured messages disagree, by quarter. No row: they agree.
CREATE FUNCTION usage_drift() RETURNS TABLE (workspace_id text, what text, kept bigint, counted bigint)
LANGUAGE sql STABLE AS $$
  WITH kept AS (
    SELECT u.workspace_id, sum(u.messages)::bigint AS messages, sum(u.amount)::bigint AS amount FROM usage u GROUP BY 1
  ), counted AS (
    SELECT h.workspace_id, count(*) AS messages, sum(h.amount)::bigint AS amount FROM hold h
    WHERE h.state = 'captured' AND h.metered GROUP BY 1
  ), both_sides AS (
    SELECT workspace_id, coalesce(k.messages, 0) AS kept_messages, coalesce(c.messages, 0) AS counted_messages,
      coalesce(k.amount, 0) AS kept_amount, coalesce(c.amount, 0) AS counted_amount
    FROM kept k FULL JOIN counted c USING (workspace_id)
  )
  SELECT workspace_id, 'usage differs from the number of captured messages', kept_messages, counted_messages
  FROM both_sides WHERE kept_messages <> counted_messages
  UNION ALL
  SELECT workspace_id, 'usage differs from the cost of captured messages', kept_amount, counted_amount
  FROM both_sides WHERE kept_amount <> counted_amount
$$;
