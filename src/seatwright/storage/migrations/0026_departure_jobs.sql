-- A departure that does not take place: a job cancels or moves all of its orders, each in a transaction of its own. The row
-- of an order is written in that transaction, so a job that is interrupted goes on with the orders that have none yet.
ALTER TABLE departure ADD COLUMN cancelled_for TEXT;
CREATE TABLE departure_job (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    departure_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    request TEXT NOT NULL,
    actor TEXT NOT NULL,
    orders BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX departure_job_departure ON departure_job (account_id, departure_id, created_at);
CREATE INDEX departure_job_running ON departure_job (created_at) WHERE status = 'running';
CREATE TABLE departure_job_order (
    account_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    status TEXT NOT NULL,
    guests BIGINT NOT NULL DEFAULT 0,
    amount BIGINT NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    at BIGINT NOT NULL,
    PRIMARY KEY (account_id, job_id, order_id)
);
