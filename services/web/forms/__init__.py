"""Input: read, checked, and turned into what is stored. Nothing here knows of HTTP."""
