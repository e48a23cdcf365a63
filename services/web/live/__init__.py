"""Runs as they go on: woken by Postgres, told to whoever watches."""
