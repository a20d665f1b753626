"""Seatwright: reservations for tours, activities and rentals."""
