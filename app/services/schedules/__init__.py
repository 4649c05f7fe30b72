"""Schedules at work: firing them, planning them, and telling why something ran or did not."""
