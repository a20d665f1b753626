"""The promises as queries: tests, `seatwright doctor` and production run the same ones."""
