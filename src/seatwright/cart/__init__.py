"""Carts: what is chosen, what it costs, and the seats that are held for it."""
