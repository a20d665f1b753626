-- A user's tokens carry this number: a new password, or being deactivated, ends all that were given out before.
ALTER TABLE app_user ADD COLUMN generation BIGINT NOT NULL DEFAULT 1;
