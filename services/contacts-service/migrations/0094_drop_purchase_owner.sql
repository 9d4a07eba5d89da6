-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS purchase_owner;
