-- What happened, for each entry of the ledger: sale, payment, cancellation, cancellation_fee or fee_reduction. An entry's
-- sign doesn't tell: the tax in the price of a gratis guest's pickup debits sales when it is sold.
ALTER TABLE ledger_entry ADD COLUMN kind TEXT NOT NULL DEFAULT 'sale';

UPDATE ledger_entry SET kind = 'payment' WHERE departure_id IS NULL;

UPDATE ledger_entry
SET kind = CASE WHEN (amount > 0) = (ledger IN ('receivable', 'reseller_receivable')) THEN 'cancellation_fee'
    ELSE 'fee_reduction' END
WHERE name = 'Cancellation fee' AND departure_id IS NOT NULL
    AND ledger IN ('receivable', 'cancellation_fees', 'reseller_receivable', 'held_by_reseller');

-- What is left of a transaction is a sale or a cancellation. A sale debits what is owed, discounts and commissions, and
-- credits charges and what a reseller holds: all of these one way, and never none of them.
UPDATE ledger_entry SET kind = 'cancellation'
WHERE kind = 'sale' AND (account_id, order_id, transaction_no) IN (
    SELECT account_id, order_id, transaction_no FROM ledger_entry
    WHERE kind = 'sale' AND ledger NOT IN ('sales', 'reseller_receivable', 'reseller_payable')
    GROUP BY account_id, order_id, transaction_no
    HAVING SUM(CASE WHEN ledger IN ('receivable', 'discounts', 'commissions') THEN amount ELSE -amount END) < 0);

-- How an account's business can be reached, as one JSON document.
ALTER TABLE account ADD COLUMN business TEXT NOT NULL DEFAULT '{}';
