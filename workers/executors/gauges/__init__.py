"""What work uses while it goes on: read now and then, told to a meter."""
