"""Notes and tags of an account's own on orders, customers and departures: nobody outside of the account sees them."""
