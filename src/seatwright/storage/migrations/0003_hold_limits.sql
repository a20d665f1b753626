-- Who holds seats, and from where: a limit on live holds of each keeps one caller from sitting on a whole season.
ALTER TABLE hold ADD COLUMN held_by TEXT NOT NULL DEFAULT '';
ALTER TABLE hold ADD COLUMN held_from TEXT NOT NULL DEFAULT '';
CREATE INDEX hold_by ON hold (held_by, expires_at);
CREATE INDEX hold_from ON hold (held_from, expires_at);
