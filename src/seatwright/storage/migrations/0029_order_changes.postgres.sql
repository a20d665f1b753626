-- When an order was made or last changed, as the id of the transaction that did it, for each account that sees it.
-- Programs that follow an account's orders read them in this sequence (see orders/changes.py).
ALTER TABLE order_view ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;
CREATE INDEX order_view_sequence ON order_view (account_id, changed, seq, modified_at);
CREATE OR REPLACE FUNCTION number_order_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.changed := pg_current_xact_id()::text::bigint; RETURN NEW; END $$;
CREATE TRIGGER order_numbered BEFORE INSERT OR UPDATE OF modified_at ON order_view FOR EACH ROW EXECUTE FUNCTION number_order_change();
