-- Terms by which orders are found, a row for each: words are looked for by how they begin.
CREATE TABLE order_term (
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    term TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (account_id, kind, term, seq)
) STRICT, WITHOUT ROWID;

-- All terms of an order as the account sees it, to look for common ones from the newest order on. NULL: not filled in yet,
-- in an order from before this migration; SQL can't take off accents, so the program does it, in portions.
ALTER TABLE order_view ADD COLUMN terms TEXT;
CREATE INDEX order_view_without_terms ON order_view (account_id, seq) WHERE terms IS NULL;
