-- Keys for integrations, beside the account's own: each with permissions, until it expires or is revoked. What is kept of
-- a key is a keyed hash.
CREATE TABLE api_key (
    account_id TEXT NOT NULL REFERENCES account (id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    permissions TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    last_used_at BIGINT,
    PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX api_key_name ON api_key (account_id, name) WHERE revoked_at IS NULL;

-- The reports of money have a permission of their own now; whoever could read them still can.
UPDATE app_user SET permissions = permissions || ' reports.read'
WHERE ' ' || permissions || ' ' LIKE '% settings %' AND permissions NOT LIKE '%reports.read%';
