-- A second step of signing in: a secret that an app has too (sealed; `core.sealing`), once it is confirmed by a first code.
-- `last_step` is the newest code that was used, in steps of 30 s; `failures` are wrong codes since the last right one.
CREATE TABLE second_factor (
    account_id TEXT NOT NULL REFERENCES account (id),
    user_id TEXT NOT NULL,
    secret TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    last_step BIGINT NOT NULL DEFAULT 0,
    failures BIGINT NOT NULL DEFAULT 0,
    failed_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, user_id)
);

-- Codes for whoever has lost that app: each works once. What is kept is a keyed hash.
CREATE TABLE recovery_code (
    account_id TEXT NOT NULL REFERENCES account (id),
    user_id TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (account_id, user_id, code_hash)
);
