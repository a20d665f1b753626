-- When an order was made or last changed, as a number of the account's changes, for each account that sees it. Programs
-- that follow an account's orders read them in this sequence (see orders/changes.py).
ALTER TABLE order_view ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;
CREATE INDEX order_view_sequence ON order_view (account_id, changed, seq, modified_at);
DROP TRIGGER order_changed;
CREATE TRIGGER order_changed AFTER UPDATE OF modified_at, terms ON order_view BEGIN INSERT INTO account_change (account_id, seq) VALUES (NEW.account_id, 1) ON CONFLICT (account_id) DO UPDATE SET seq = seq + 1; END;
CREATE TRIGGER order_numbered_first AFTER INSERT ON order_view BEGIN INSERT INTO account_change (account_id, seq) VALUES (NEW.account_id, 1) ON CONFLICT (account_id) DO UPDATE SET seq = seq + 1; UPDATE order_view SET changed = (SELECT seq FROM account_change WHERE account_id = NEW.account_id) WHERE account_id = NEW.account_id AND seq = NEW.seq; END;
CREATE TRIGGER order_numbered_again AFTER UPDATE OF modified_at ON order_view BEGIN INSERT INTO account_change (account_id, seq) VALUES (NEW.account_id, 1) ON CONFLICT (account_id) DO UPDATE SET seq = seq + 1; UPDATE order_view SET changed = (SELECT seq FROM account_change WHERE account_id = NEW.account_id) WHERE account_id = NEW.account_id AND seq = NEW.seq; END;
