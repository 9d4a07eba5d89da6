-- A consent opens an address only to whom the address belongs to: one that was given for the address of another contact, while
-- both were merged, no longer does when they are two again.
CREATE OR REPLACE FUNCTION address_purposes(workspace text, address uuid, owner uuid) RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT ARRAY(
    SELECT p.purpose FROM address_purpose p WHERE p.workspace_id = workspace AND p.address_id = address
    UNION
    SELECT c.purpose FROM consent_address a
    JOIN consent c ON c.workspace_id = a.workspace_id AND c.id = a.consent_id
    WHERE a.workspace_id = workspace AND a.address_id = address
      AND (c.contact_id = owner OR owner = (
        WITH RECURSIVE went AS (
          SELECT m.id, m.merged_into FROM contact m WHERE m.workspace_id = c.workspace_id AND m.id = c.contact_id
          UNION ALL
          SELECT m.id, m.merged_into FROM went
          JOIN contact m ON m.workspace_id = c.workspace_id AND m.id = went.merged_into)
        SELECT went.id FROM went WHERE went.merged_into IS NULL))
      AND NOT EXISTS (SELECT FROM withdrawal w WHERE w.workspace_id = c.workspace_id
        AND w.contact_id IN (c.contact_id, owner) AND w.purpose = c.purpose AND w.at >= c.given_at))
$$;
