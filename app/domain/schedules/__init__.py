"""The schedules: rules that say when a job is due."""
