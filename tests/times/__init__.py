"""Time and money: every zone's changes of the clock, leap days, jumps of the system's clock, and exact sums."""
