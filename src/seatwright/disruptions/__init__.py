"""A departure that does not take place: all of its orders are cancelled without a fee, or moved to another one."""
