-- Browsers that are signed in to the desk. Of the cookie's secret only a keyed hash is kept. A session ends when the user's
-- generation is another one, and when it has lasted, or hasn't been seen, for too long. `seen_at` is exact to a minute.
CREATE TABLE desk_session (
    account_id TEXT NOT NULL REFERENCES account (id),
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    generation BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    agent TEXT NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX desk_session_user ON desk_session (account_id, user_id, created_at, id);
CREATE INDEX desk_session_oldest ON desk_session (created_at);
