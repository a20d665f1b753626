"""Measures Seatwright beside its limit and its peer: `python -m benchmarks` (docs/performance.md)."""
