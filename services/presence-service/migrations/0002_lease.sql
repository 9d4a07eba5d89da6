-- The lease is the kit's now. Dropping the old table ends an owner of the previous version: it can write no more.
SELECT homing_leases();
INSERT INTO lease (name, holder, epoch, expires_at) SELECT 'presence', holder, epoch, expires_at FROM shard_lease;
DROP TABLE shard_lease;
