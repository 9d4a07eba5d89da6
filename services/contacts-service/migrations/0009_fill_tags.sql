-- Tags that were given before there was a trigger, in a transaction that locks nothing which others wait for. A tag that is taken
-- away meanwhile may be left here, so lists look at the contact too.
INSERT INTO contact_tag (workspace_id, tag, contact_id)
  SELECT workspace_id, tag, id FROM contact, unnest(tags) AS t(tag) ON CONFLICT DO NOTHING;
