"""Connections to servers that people name: to addresses that may be reached, and to no others; TLS always verified."""
