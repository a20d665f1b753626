-- Amounts are minor units, instants milliseconds UTC. Every key begins with the account, so that a
-- distributed PostgreSQL can shard by it. Rows of the hot path (carts, holds, orders, lines, ledger) carry no
-- foreign keys: they are written together in one statement, and `seatwright doctor` checks what the keys would.

CREATE TABLE account (
    id TEXT NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    currency TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    policy_code TEXT,
    key_hash TEXT NOT NULL,
    key_generation BIGINT NOT NULL DEFAULT 1,
    catalog_version BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL
);

-- Orders are never deleted and numbered without gaps for each account that sees them, so that a page at any
-- depth is a range of numbers. Kept apart from `account`, whose row every request reads.
CREATE TABLE account_counter (
    account_id TEXT NOT NULL PRIMARY KEY,
    orders BIGINT NOT NULL DEFAULT 0,
    last_created_at BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE app_user (
    account_id TEXT NOT NULL REFERENCES account (id),
    id TEXT NOT NULL,
    email TEXT NOT NULL,
    alternative_id TEXT,
    name TEXT NOT NULL,
    password_hash TEXT,
    permissions TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, email),
    UNIQUE (account_id, alternative_id)
);
CREATE INDEX app_user_email ON app_user (email);
CREATE INDEX app_user_alternative ON app_user (alternative_id);

-- Products, charges, policies, places and the like: one JSON document each, read as a whole per account and
-- cached by `account.catalog_version`.
CREATE TABLE catalog_entry (
    account_id TEXT NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    code TEXT NOT NULL,
    body TEXT NOT NULL,
    modified_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, kind, id),
    UNIQUE (account_id, kind, code)
);

CREATE TABLE departure (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    product_id TEXT NOT NULL,
    start_at BIGINT,
    end_at BIGINT,
    time_zone TEXT NOT NULL,
    local_date TEXT,
    capacity BIGINT NOT NULL,
    taken BIGINT NOT NULL DEFAULT 0,
    closed BOOLEAN NOT NULL,
    closes_at BIGINT,
    prices TEXT,
    pool_id TEXT,
    first_slot BIGINT,
    last_slot BIGINT,
    modified_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, product_id, start_at),
    CONSTRAINT departure_not_oversold CHECK (taken >= 0 AND taken <= capacity)
);
CREATE INDEX departure_calendar ON departure (account_id, product_id, local_date, start_at);

-- A rental pool's units in each half hour: departures that overlap take from the same rows.
CREATE TABLE pool_slot (
    account_id TEXT NOT NULL,
    pool_id TEXT NOT NULL,
    slot BIGINT NOT NULL,
    capacity BIGINT NOT NULL,
    taken BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, pool_id, slot),
    CONSTRAINT pool_not_oversold CHECK (taken >= 0 AND taken <= capacity)
);

-- `account_id` is the account whose seats are held; `owner_id` the one whose cart it is (the reseller's, or the same).
CREATE TABLE cart (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    status TEXT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    order_id TEXT,
    order_request TEXT,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX cart_owner ON cart (owner_id, id);
CREATE INDEX cart_list ON cart (owner_id, status, created_at, id);
CREATE INDEX cart_age ON cart (status, modified_at);

-- A row here is an allocation: its seats are counted in `departure.taken` until it is released or sold.
CREATE TABLE hold (
    account_id TEXT NOT NULL,
    cart_id TEXT NOT NULL,
    departure_id TEXT NOT NULL,
    seats BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, cart_id, departure_id)
);
CREATE INDEX hold_departure ON hold (account_id, departure_id, expires_at);
CREATE INDEX hold_expiry ON hold (expires_at);

-- `account_id` is the supplier's, whose seats and books these are; `owner_id` the seller's.
CREATE TABLE orders (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    confirmation BIGINT NOT NULL,
    owner_id TEXT NOT NULL,
    status TEXT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    total BIGINT NOT NULL,
    paid BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX orders_confirmation ON orders (account_id, confirmation);

-- One row for each account that sees an order.
CREATE TABLE order_view (
    account_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    supplier_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    confirmation BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, seq)
);
CREATE UNIQUE INDEX order_view_order ON order_view (account_id, order_id);
CREATE UNIQUE INDEX order_view_confirmation ON order_view (account_id, confirmation);
CREATE INDEX order_view_created ON order_view (account_id, created_at, seq);
CREATE INDEX order_view_modified ON order_view (account_id, modified_at, seq);

-- Every external reference that was ever given for an order (an order added to may collect several).
CREATE TABLE order_reference (
    account_id TEXT NOT NULL,
    reference_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (account_id, reference_id, seq)
);

-- One row for each participant or unit, for what is asked across orders: manifests, sums, invariants.
CREATE TABLE order_line (
    account_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    id TEXT NOT NULL,
    departure_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    tier TEXT NOT NULL,
    seats BIGINT NOT NULL,
    status TEXT NOT NULL,
    price BIGINT NOT NULL,
    discount BIGINT NOT NULL,
    fees BIGINT NOT NULL,
    tax BIGINT NOT NULL,
    total BIGINT NOT NULL,
    cancellation_fee BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, order_id, id)
);
CREATE INDEX order_line_departure ON order_line (account_id, departure_id, status);

-- Double entry: positive is a debit, negative a credit; each (order_id, transaction_no) sums to zero.
CREATE TABLE ledger_entry (
    account_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    transaction_no BIGINT NOT NULL,
    entry_no BIGINT NOT NULL,
    ledger TEXT NOT NULL,
    departure_id TEXT,
    name TEXT NOT NULL,
    amount BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, order_id, transaction_no, entry_no)
);
CREATE INDEX ledger_entry_created ON ledger_entry (account_id, created_at);

CREATE TABLE audit_event (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX audit_event_subject ON audit_event (account_id, subject_id, at);

CREATE TABLE discount_use (
    account_id TEXT NOT NULL,
    discount_id TEXT NOT NULL,
    uses BIGINT NOT NULL,
    PRIMARY KEY (account_id, discount_id)
);

CREATE TABLE connection (
    supplier_id TEXT NOT NULL REFERENCES account (id),
    reseller_id TEXT NOT NULL REFERENCES account (id),
    active BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (supplier_id, reseller_id)
);
CREATE INDEX connection_reseller ON connection (reseller_id);

CREATE TABLE idempotency (
    account_id TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status BIGINT NOT NULL,
    body BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);
