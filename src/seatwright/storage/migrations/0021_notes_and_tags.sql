-- Notes and tags of an account's own, on its orders, customers and departures. A tag is found by its key, which is the same
-- for all spellings of its name.
CREATE TABLE note (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    text TEXT NOT NULL,
    pinned BOOLEAN NOT NULL,
    author TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_by TEXT,
    changed_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX note_subject ON note (account_id, kind, subject_id);

CREATE TABLE subject_tag (
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    tag TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    name TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, kind, tag, subject_id)
);
CREATE INDEX subject_tag_subject ON subject_tag (account_id, kind, subject_id);

-- Orders are found by their customer's id too, so their terms are made again.
DELETE FROM order_term;
UPDATE order_view SET terms = NULL WHERE terms IS NOT NULL;
