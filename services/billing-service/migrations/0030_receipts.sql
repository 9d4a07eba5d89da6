-- What a receipt said of the delivery: delivered or undelivered, and when. Delivered outdoes undelivered, whatever came first.
ALTER TABLE hold ADD COLUMN receipt text;
ALTER TABLE hold ADD COLUMN receipt_at timestamptz;
