-- no-transaction
-- For reading the journal by time. Rows lie in the order of their making, so this costs a write nothing.
CREATE INDEX CONCURRENTLY IF NOT EXISTS transfer_age ON transfer USING brin (at);
