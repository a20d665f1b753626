-- Who recorded a payment: a user's id or a key's. So far all payments came along with what an order sold.
ALTER TABLE ledger_entry ADD COLUMN actor TEXT;

UPDATE ledger_entry SET actor = (
    SELECT MIN(a.actor) FROM audit_event a
    WHERE a.account_id = ledger_entry.account_id AND a.subject_id = ledger_entry.order_id
        AND a.at = ledger_entry.created_at AND a.action IN ('order.created', 'order.added_to'))
WHERE kind = 'payment';
