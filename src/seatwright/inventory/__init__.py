"""Departures, rental pools, and the seats in them."""
