"""The settings of the installation that have addresses of their own, and what e-mail does."""
