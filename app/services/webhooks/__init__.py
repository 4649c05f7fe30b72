"""Webhooks: subscriptions of other programs, and the deliveries to them."""
