"""Orders: what carts become, with the ledger behind their totals."""
