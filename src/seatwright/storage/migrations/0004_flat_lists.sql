-- Lists by date of change read numbers and dates from the index alone; carts are forgotten by their age, which
-- unlike the date of their last change is not written with every change.
CREATE INDEX order_view_seq_modified ON order_view (account_id, seq, modified_at);
DROP INDEX cart_age;
CREATE INDEX cart_age ON cart (created_at);
