"""The fetcher against real servers."""
