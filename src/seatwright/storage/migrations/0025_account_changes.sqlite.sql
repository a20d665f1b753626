-- A number per account that grows with every change that a screen shows: whoever has seen it can tell whether there is
-- anything new. With one writer at a time, a row is enough. Triggers write it, so no change is forgotten.
CREATE TABLE account_change (
    account_id TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
);
CREATE TRIGGER account_changed AFTER UPDATE ON account BEGIN INSERT INTO account_change (account_id, seq) VALUES (NEW.id, 1) ON CONFLICT (account_id) DO UPDATE SET seq = seq + 1; END;
CREATE TRIGGER departure_added AFTER INSERT ON departure BEGIN INSERT INTO account_change (account_id, seq) VALUES (NEW.account_id, 1) ON CONFLICT (account_id) DO UPDATE SET seq = seq + 1; END;
CREATE TRIGGER departure_changed AFTER UPDATE ON departure BEGIN INSERT INTO account_change (account_id, seq) VALUES (NEW.account_id, 1) ON CONFLICT (account_id) DO UPDATE SET seq = seq + 1; END;
CREATE TRIGGER departure_deleted AFTER DELETE ON departure BEGIN INSERT INTO account_change (account_id, seq) VALUES (OLD.account_id, 1) ON CONFLICT (account_id) DO UPDATE SET seq = seq + 1; END;
CREATE TRIGGER order_added AFTER INSERT ON order_view BEGIN INSERT INTO account_change (account_id, seq) VALUES (NEW.account_id, 1) ON CONFLICT (account_id) DO UPDATE SET seq = seq + 1; END;
CREATE TRIGGER order_changed AFTER UPDATE ON order_view BEGIN INSERT INTO account_change (account_id, seq) VALUES (NEW.account_id, 1) ON CONFLICT (account_id) DO UPDATE SET seq = seq + 1; END;
CREATE TRIGGER note_added AFTER INSERT ON note BEGIN INSERT INTO account_change (account_id, seq) VALUES (NEW.account_id, 1) ON CONFLICT (account_id) DO UPDATE SET seq = seq + 1; END;
CREATE TRIGGER note_changed AFTER UPDATE ON note BEGIN INSERT INTO account_change (account_id, seq) VALUES (NEW.account_id, 1) ON CONFLICT (account_id) DO UPDATE SET seq = seq + 1; END;
CREATE TRIGGER note_deleted AFTER DELETE ON note BEGIN INSERT INTO account_change (account_id, seq) VALUES (OLD.account_id, 1) ON CONFLICT (account_id) DO UPDATE SET seq = seq + 1; END;
CREATE TRIGGER tag_added AFTER INSERT ON subject_tag BEGIN INSERT INTO account_change (account_id, seq) VALUES (NEW.account_id, 1) ON CONFLICT (account_id) DO UPDATE SET seq = seq + 1; END;
CREATE TRIGGER tag_changed AFTER UPDATE ON subject_tag BEGIN INSERT INTO account_change (account_id, seq) VALUES (NEW.account_id, 1) ON CONFLICT (account_id) DO UPDATE SET seq = seq + 1; END;
CREATE TRIGGER tag_deleted AFTER DELETE ON subject_tag BEGIN INSERT INTO account_change (account_id, seq) VALUES (OLD.account_id, 1) ON CONFLICT (account_id) DO UPDATE SET seq = seq + 1; END;
