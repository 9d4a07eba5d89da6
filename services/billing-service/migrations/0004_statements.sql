-- What providers say that they sent, compared with what was charged.
ALTER TABLE hold
  ADD COLUMN provider         text,
  -- The provider's id of the message; null where it gave none.
  ADD COLUMN provider_message text;
CREATE INDEX hold_provider_message ON hold (workspace_id, provider, provider_message) WHERE provider_message IS NOT NULL;

-- The days of which a provider's statement was imported.
CREATE TABLE statement (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  provider     text        NOT NULL,
  day          date        NOT NULL,
  imported_at  timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, provider, day)
);
SELECT homing_protect('statement', 'SELECT, INSERT, UPDATE');

-- One message as the provider tells of it.
CREATE TABLE statement_line (
  workspace_id text    NOT NULL CHECK (workspace_id <> ''),
  provider     text    NOT NULL,
  message      text    NOT NULL,
  day          date    NOT NULL,
  parts        integer NOT NULL CHECK (parts >= 0),
  -- Null where the statement tells no price.
  micro_pu     bigint  CHECK (micro_pu >= 0),
  PRIMARY KEY (workspace_id, provider, message)
);
CREATE INDEX statement_line_day ON statement_line (workspace_id, day);
SELECT homing_protect('statement_line', 'SELECT, INSERT, UPDATE');

-- Where statements and charges disagree, by the day (UTC) of the statement or of the charge. No row: they agree.
CREATE FUNCTION statement_drift() RETURNS TABLE
  (workspace_id text, day date, kind text, delivery uuid, provider text, message text,
   parts integer, reported_parts integer, amount bigint, reported_amount bigint)
LANGUAGE sql STABLE AS $$
  WITH told AS (
    SELECT l.workspace_id, l.day, l.provider, l.message, l.parts AS reported_parts, l.micro_pu AS reported_amount,
      h.id AS delivery, h.parts, h.amount
    FROM statement_line l
    LEFT JOIN hold h ON h.workspace_id = l.workspace_id AND h.provider = l.provider AND h.provider_message = l.message
      AND h.state = 'captured'
  )
  SELECT workspace_id, day, 'not_charged', NULL::uuid, provider, message, NULL::integer, reported_parts, NULL::bigint,
    reported_amount
  FROM told WHERE delivery IS NULL
  UNION ALL
  SELECT workspace_id, day, 'parts', delivery, provider, message, parts, reported_parts, amount, reported_amount
  FROM told WHERE parts <> reported_parts
  UNION ALL
  SELECT workspace_id, day, 'price', delivery, provider, message, parts, reported_parts, amount, reported_amount
  FROM told WHERE amount <> reported_amount
  UNION ALL
  -- A message may stand in the statement of the day after: it is missed once that has been imported too.
  SELECT h.workspace_id, (h.settled_at AT TIME ZONE 'UTC')::date, 'not_reported', h.id, h.provider, h.provider_message,
    h.parts, NULL, h.amount, NULL
  FROM hold h
  WHERE h.state = 'captured' AND h.provider_message IS NOT NULL
    AND NOT EXISTS (SELECT FROM statement_line l WHERE l.workspace_id = h.workspace_id AND l.provider = h.provider
      AND l.message = h.provider_message)
    AND EXISTS (SELECT FROM statement s WHERE s.workspace_id = h.workspace_id AND s.provider = h.provider
      AND s.day = (h.settled_at AT TIME ZONE 'UTC')::date)
    AND EXISTS (SELECT FROM statement s WHERE s.workspace_id = h.workspace_id AND s.provider = h.provider
      AND s.day = (h.settled_at AT TIME ZONE 'UTC')::date + 1)
$$;
