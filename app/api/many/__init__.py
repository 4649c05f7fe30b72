"""What lists are counted by, and the same done to all in them."""
