"""Webhooks: what is noted for them, and who sends it."""
