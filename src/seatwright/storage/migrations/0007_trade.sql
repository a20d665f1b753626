-- The way an order came in, and until when it has to be accepted if it must be (the earliest of its items).
ALTER TABLE orders ADD COLUMN channel TEXT NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN answer_by BIGINT;
CREATE INDEX orders_to_answer ON orders (answer_by) WHERE answer_by IS NOT NULL;
CREATE INDEX orders_waiting ON orders (account_id, answer_by) WHERE answer_by IS NOT NULL;

-- What a supplier and a reseller have agreed on, as one JSON document.
ALTER TABLE connection ADD COLUMN terms TEXT NOT NULL DEFAULT '{}';

-- The language of an account's own mails, and of its customers' where they name none.
ALTER TABLE account ADD COLUMN language TEXT NOT NULL DEFAULT 'en';

-- What happened to an order and has not been told yet to whom it may concern; written with the change itself.
CREATE TABLE outbox_event (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    detail TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX outbox_event_due ON outbox_event (due_at);

-- A mail or a webhook call: its content as it is sent, every time the same, and what came of sending it.
-- `status`: due (being sent, or waiting for the next attempt), sent, dead (given up), or sandbox (never sent).
CREATE TABLE delivery (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    order_id TEXT,
    content TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    due_at BIGINT NOT NULL,
    log TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX delivery_due ON delivery (channel, due_at) WHERE status = 'due';
CREATE INDEX delivery_target ON delivery (account_id, target, id);
CREATE INDEX delivery_order ON delivery (account_id, order_id, id);
CREATE INDEX delivery_age ON delivery (created_at);

-- Where an account wants to be called. Secrets are encrypted with a key of the server's.
CREATE TABLE webhook (
    account_id TEXT NOT NULL REFERENCES account (id),
    id TEXT NOT NULL,
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    secret TEXT NOT NULL,
    old_secret TEXT,
    old_secret_until BIGINT,
    active BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
);
