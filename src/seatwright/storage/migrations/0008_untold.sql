-- An event that could not be told, or not to all: what of it has been told (a JSON list), what went wrong last (types and
-- places in the program), and when it was given up.
ALTER TABLE outbox_event ADD COLUMN told TEXT NOT NULL DEFAULT '[]';
ALTER TABLE outbox_event ADD COLUMN error TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox_event ADD COLUMN failed_at BIGINT;
DROP INDEX outbox_event_due;
CREATE INDEX outbox_event_due ON outbox_event (due_at) WHERE failed_at IS NULL;

-- Deliveries are forgotten by when they were finished, and those that were given up are looked for among many.
CREATE INDEX delivery_finished ON delivery (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX delivery_dead ON delivery (channel, account_id, id) WHERE status = 'dead';
