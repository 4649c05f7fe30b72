"""What executions use: samples of long ones, and figures of jobs by the hour and the day."""
