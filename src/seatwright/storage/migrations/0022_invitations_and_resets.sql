-- People who are invited to become users. Of the link's secret only a keyed hash is kept.
CREATE TABLE invitation (
    account_id TEXT NOT NULL REFERENCES account (id),
    id TEXT NOT NULL,
    email TEXT NOT NULL,
    role TEXT,
    permissions TEXT NOT NULL,
    language TEXT NOT NULL,
    invited_by TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    accepted_at BIGINT,
    revoked_at BIGINT,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX invitation_newest ON invitation (account_id, created_at, id);

-- Who wants a new password, whether or not the address is a user's: a request is stored in the same way for everybody, and
-- answered by mail a moment later. It belongs to no account, because the address may belong to several, or to none.
CREATE TABLE reset_request (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    asked_at BIGINT NOT NULL
);

-- Links to a new password: each for a user, at one generation of the user.
CREATE TABLE password_reset (
    account_id TEXT NOT NULL REFERENCES account (id),
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    generation BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX password_reset_user ON password_reset (account_id, user_id, created_at);
CREATE INDEX password_reset_oldest ON password_reset (created_at);
