"""The fetcher's outside: transports by protocol, and storing."""
