"""Who may come in, and what keeps others out: tokens, sessions, origins, limits, response headers."""
