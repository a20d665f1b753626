"""What the pages load."""
