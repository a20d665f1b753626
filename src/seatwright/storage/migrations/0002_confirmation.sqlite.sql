-- Confirmation numbers are unique on the whole server: a supplier and a reseller read out the same one.
CREATE TABLE confirmation_number (
    only_row BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1),
    last_value BIGINT NOT NULL
);
INSERT INTO confirmation_number VALUES (1, 100000);
