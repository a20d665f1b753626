-- Guides, drivers, boats and vehicles, and on which departures they are. An assignment has its departure's times, too, so
-- that what is busy in some hours is one range of an index. What changes here is told to open screens, as departures are.
CREATE TABLE resource (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    places BIGINT,
    turnaround_min BIGINT NOT NULL,
    user_id TEXT,
    retired_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX resource_name ON resource (account_id, name_key) WHERE retired_at IS NULL;
CREATE UNIQUE INDEX resource_user ON resource (account_id, user_id) WHERE retired_at IS NULL AND user_id IS NOT NULL;
CREATE TABLE assignment (
    account_id TEXT NOT NULL,
    departure_id TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    start_at BIGINT NOT NULL,
    end_at BIGINT NOT NULL,
    assigned_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, departure_id, resource_id)
);
CREATE INDEX assignment_busy ON assignment (account_id, end_at, start_at);
-- Why sales are closed, and a number that grows with every change of a departure, so that two people who edit it notice.
ALTER TABLE departure ADD COLUMN closed_for TEXT;
ALTER TABLE departure ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
CREATE TRIGGER resource_changed AFTER INSERT OR UPDATE OR DELETE ON resource FOR EACH ROW EXECUTE FUNCTION note_account_change();
CREATE TRIGGER assignment_changed AFTER INSERT OR UPDATE OR DELETE ON assignment FOR EACH ROW EXECUTE FUNCTION note_account_change();
