-- Providers that could not take the text in this round, rounds in which nobody could, and since when it waits for
-- providers that are left alone.
ALTER TABLE delivery ADD COLUMN tried text[] NOT NULL DEFAULT '{}',
  ADD COLUMN rounds integer NOT NULL DEFAULT 0,
  ADD COLUMN unreachable_since timestamptz;
