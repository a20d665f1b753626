"""Orders: sold carts, with the ledger behind their totals."""
