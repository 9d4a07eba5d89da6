-- What a person agreed to, in the words of one version of a form. Rows are never changed: what was agreed to and what was
-- taken back are both kept, and what counts is read from both.
CREATE TABLE consent (
  workspace_id    text        NOT NULL CHECK (workspace_id <> ''),
  id              uuid        NOT NULL,
  contact_id      uuid        NOT NULL,
  -- Support needs no consent: whoever asks gives an address to be answered.
  purpose         text        NOT NULL CHECK (purpose IN ('outreach')),
  form            text        NOT NULL,
  form_version    integer     NOT NULL CHECK (form_version > 0),
  language        text        NOT NULL,
  -- Where the form was answered, if in a conversation.
  conversation_id uuid,
  request_id      text        NOT NULL,
  given_at        timestamptz NOT NULL,
  recorded_at     timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT consent_request UNIQUE (workspace_id, request_id),
  FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, id)
);
CREATE INDEX consent_contact ON consent (workspace_id, contact_id, given_at);
SELECT homing_protect('consent', 'SELECT, INSERT');

-- The addresses that a consent names.
CREATE TABLE consent_address (
  workspace_id text NOT NULL CHECK (workspace_id <> ''),
  consent_id   uuid NOT NULL,
  address_id   uuid NOT NULL,
  PRIMARY KEY (workspace_id, address_id, consent_id),
  FOREIGN KEY (workspace_id, consent_id) REFERENCES consent (workspace_id, id),
  FOREIGN KEY (workspace_id, address_id) REFERENCES address (workspace_id, id)
);
CREATE INDEX consent_address_consent ON consent_address (workspace_id, consent_id);
SELECT homing_protect('consent_address', 'SELECT, INSERT');

-- What a person took back. It ends every consent for the purpose that was given until then, also one that is told of later.
CREATE TABLE withdrawal (
  workspace_id text        NOT NULL CHECK (workspace_id <> ''),
  contact_id   uuid        NOT NULL,
  purpose      text        NOT NULL CHECK (purpose IN ('outreach')),
  at           timestamptz NOT NULL,
  by           text        NOT NULL CHECK (by IN ('form', 'unsubscribe', 'message', 'agent')),
  PRIMARY KEY (workspace_id, contact_id, purpose, at),
  FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, id)
);
SELECT homing_protect('withdrawal', 'SELECT, INSERT');

-- Until now only support was ever given by the service; anything else needs a consent from here on.
DELETE FROM address_purpose WHERE purpose <> 'support';
ALTER TABLE address_purpose DROP CONSTRAINT address_purpose_purpose_check,
  ADD CONSTRAINT address_purpose_purpose_check CHECK (purpose IN ('support'));

-- What an address may be used for now.
CREATE FUNCTION address_purposes(workspace text, address uuid) RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT ARRAY(
    SELECT p.purpose FROM address_purpose p WHERE p.workspace_id = workspace AND p.address_id = address
    UNION
    SELECT c.purpose FROM consent_address a
    JOIN consent c ON c.workspace_id = a.workspace_id AND c.id = a.consent_id
    WHERE a.workspace_id = workspace AND a.address_id = address
      AND NOT EXISTS (SELECT FROM withdrawal w WHERE w.workspace_id = c.workspace_id AND w.contact_id = c.contact_id
        AND w.purpose = c.purpose AND w.at >= c.given_at))
$$;

-- A transaction names what it reads addresses for, and sees no others, whatever its query says. One that names nothing
-- reads for support, as the releases before this one do. 'upkeep' is for storing and comparing: it hands nothing out.
CREATE FUNCTION homing_purpose() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(nullif(current_setting('homing.purpose', true), ''), 'support') $$;
DO $$ BEGIN
  EXECUTE format('CREATE POLICY purpose ON address AS RESTRICTIVE FOR SELECT TO %I USING (
    (SELECT homing_purpose()) = ''upkeep'' OR (SELECT homing_purpose()) = ANY (address_purposes(workspace_id, id)))',
    regexp_replace(current_user, '_owner$', ''));
END $$;
