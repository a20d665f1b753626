-- A number per account that grows with every change that a screen shows: whoever has seen it can tell whether there is
-- anything new. It is the id of the transaction that changed something. Readers count only ids below the oldest transaction
-- that is still running, so none with a smaller one is committed later. Triggers write it, so no change is forgotten.
CREATE TABLE account_change (
    account_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (account_id, seq)
);
CREATE OR REPLACE FUNCTION note_account_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'DELETE' THEN INSERT INTO account_change (account_id, seq) VALUES (OLD.account_id, pg_current_xact_id()::text::bigint) ON CONFLICT (account_id, seq) DO NOTHING; ELSE INSERT INTO account_change (account_id, seq) VALUES (NEW.account_id, pg_current_xact_id()::text::bigint) ON CONFLICT (account_id, seq) DO NOTHING; END IF; RETURN NULL; END $$;
CREATE OR REPLACE FUNCTION note_change_of_account() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO account_change (account_id, seq) VALUES (NEW.id, pg_current_xact_id()::text::bigint) ON CONFLICT (account_id, seq) DO NOTHING; RETURN NULL; END $$;
CREATE TRIGGER account_changed AFTER UPDATE ON account FOR EACH ROW EXECUTE FUNCTION note_change_of_account();
CREATE TRIGGER departure_changed AFTER INSERT OR UPDATE OR DELETE ON departure FOR EACH ROW EXECUTE FUNCTION note_account_change();
CREATE TRIGGER order_changed AFTER INSERT OR UPDATE ON order_view FOR EACH ROW EXECUTE FUNCTION note_account_change();
CREATE TRIGGER note_changed AFTER INSERT OR UPDATE OR DELETE ON note FOR EACH ROW EXECUTE FUNCTION note_account_change();
CREATE TRIGGER tag_changed AFTER INSERT OR UPDATE OR DELETE ON subject_tag FOR EACH ROW EXECUTE FUNCTION note_account_change();
