-- Screens show jobs of departures and how far they have come, so that makes the account's number grow too.
CREATE TRIGGER departure_job_added AFTER INSERT ON departure_job BEGIN INSERT INTO account_change (account_id, seq) VALUES (NEW.account_id, 1) ON CONFLICT (account_id) DO UPDATE SET seq = seq + 1; END;
CREATE TRIGGER departure_job_changed AFTER UPDATE ON departure_job BEGIN INSERT INTO account_change (account_id, seq) VALUES (NEW.account_id, 1) ON CONFLICT (account_id) DO UPDATE SET seq = seq + 1; END;
CREATE TRIGGER departure_job_order_added AFTER INSERT ON departure_job_order BEGIN INSERT INTO account_change (account_id, seq) VALUES (NEW.account_id, 1) ON CONFLICT (account_id) DO UPDATE SET seq = seq + 1; END;
-- Why an order stays as it is, as a word for programs beside the sentence.
ALTER TABLE departure_job_order ADD COLUMN code TEXT NOT NULL DEFAULT '';
