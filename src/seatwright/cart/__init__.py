"""Carts: their contents, their prices, and the seats that are held for them."""
