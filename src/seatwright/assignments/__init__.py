"""Who and what goes on a departure: guides, drivers, boats and vehicles, and what of that is in conflict."""
