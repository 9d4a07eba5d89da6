-- How often something came of the cards that were said in a conversation.
ALTER TABLE conversation ADD COLUMN card_changes bigint NOT NULL DEFAULT 0;
