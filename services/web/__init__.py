"""The web: the pages people use, and the HTTP API.

Hears: nothing on Kafka. Says: nothing by itself; what it says goes through the outbox.
Owns: accounts, sessions, managers, fields, uploads, imports.
"""
