"""The command `contacts-sync`: it runs the services, looks after them, and imports from the command line.

The one folder here that is no service: it may import them all, and none imports it.
"""
