-- Who wants no mail of an account's any more, and since when: what they consented to before counts no more. The id is a
-- hash of the address.
CREATE TABLE mailing_refusal (
    account_id TEXT NOT NULL REFERENCES account (id),
    id TEXT NOT NULL,
    email TEXT NOT NULL,
    refused_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX mailing_refusal_newest ON mailing_refusal (account_id, refused_at, id);
