"""What is watched, and what is removed for good."""
