-- Screens show jobs of departures and how far they have come, so that makes the account's number grow too.
CREATE TRIGGER departure_job_changed AFTER INSERT OR UPDATE ON departure_job FOR EACH ROW EXECUTE FUNCTION note_account_change();
CREATE TRIGGER departure_job_order_changed AFTER INSERT ON departure_job_order FOR EACH ROW EXECUTE FUNCTION note_account_change();
-- Why an order stays as it is, as a word for programs beside the sentence.
ALTER TABLE departure_job_order ADD COLUMN code TEXT NOT NULL DEFAULT '';
