-- One replica at a time reads the ingest stream.
SELECT homing_leases();
