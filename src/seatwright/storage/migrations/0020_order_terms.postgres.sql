-- Terms by which orders are found, a row for each: words are looked for by how they begin, so they are ordered bytewise.
CREATE TABLE order_term (
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    term TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (account_id, kind, term, seq)
);

-- All terms of an order as the account sees it, to look for common ones from the newest order on. NULL: not filled in yet,
-- in an order from before this migration; SQL can't take off accents, so the program does it, in portions.
ALTER TABLE order_view ADD COLUMN terms TEXT;
CREATE INDEX order_view_without_terms ON order_view (account_id, seq) WHERE terms IS NULL;
