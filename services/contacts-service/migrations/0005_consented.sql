-- Whom outreach may see at all: what an address may be used for is dear to find out, and few of a million contacts ever
-- consented. Never false again: a consent that ended is found out from the consent.
ALTER TABLE contact ADD COLUMN consented boolean NOT NULL DEFAULT false;
UPDATE contact c SET consented = true WHERE EXISTS (
  SELECT FROM consent k WHERE k.workspace_id = c.workspace_id AND k.contact_id = c.id
  UNION ALL
  SELECT FROM address a JOIN consent_address k ON k.workspace_id = a.workspace_id AND k.address_id = a.id
  WHERE a.workspace_id = c.workspace_id AND a.contact_id = c.id);
CREATE INDEX contact_consented ON contact (workspace_id, id) WHERE consented;
