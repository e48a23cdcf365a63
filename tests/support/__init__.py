"""The real servers that the tests run against, and the few tools to start them and wait for them."""
